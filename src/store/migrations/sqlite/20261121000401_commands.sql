-- Comments with commands, one row each, so that none is obeyed twice.
CREATE TABLE commands (
    comment INTEGER PRIMARY KEY,
    repository INTEGER NOT NULL,
    pull INTEGER NOT NULL,
    author TEXT NOT NULL,
    body TEXT NOT NULL,                 -- empty once done
    state TEXT NOT NULL,                -- pending, done
    received_at INTEGER NOT NULL,
    answering_since INTEGER              -- an answer was about to be sent: looked up before it is sent again
);
CREATE INDEX commands_pending ON commands (repository, pull) WHERE state = 'pending';

-- What people ordered about items: the newest order about each.
CREATE TABLE item_orders (
    document TEXT NOT NULL,
    item TEXT NOT NULL,
    item_text TEXT NOT NULL,
    item_group TEXT,
    kind TEXT NOT NULL,                 -- skip, adopt
    reason TEXT,                        -- of a skip
    issue_owner TEXT,                   -- of an adoption
    issue_name TEXT,
    issue_number INTEGER,
    author TEXT NOT NULL,
    ordered_at INTEGER NOT NULL,
    PRIMARY KEY (document, item)
);

-- Pull requests whose issues somebody asked to open.
CREATE TABLE go_aheads (
    repository INTEGER NOT NULL,
    pull INTEGER NOT NULL,
    author TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    head TEXT NOT NULL,                 -- the head commit then
    PRIMARY KEY (repository, pull)
);
