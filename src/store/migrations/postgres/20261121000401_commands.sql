-- Comments with commands, one row each, so that none is obeyed twice.
CREATE TABLE commands (
    comment BIGINT PRIMARY KEY,
    repository BIGINT NOT NULL,
    pull BIGINT NOT NULL,
    author TEXT NOT NULL,
    body TEXT NOT NULL,                 -- empty once done
    state TEXT NOT NULL,                -- pending, done
    received_at BIGINT NOT NULL,
    answering_since BIGINT              -- an answer was about to be sent: looked up before it is sent again
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
    issue_number BIGINT,
    author TEXT NOT NULL,
    ordered_at BIGINT NOT NULL,
    PRIMARY KEY (document, item)
);

-- Pull requests whose issues somebody asked to open.
CREATE TABLE go_aheads (
    repository BIGINT NOT NULL,
    pull BIGINT NOT NULL,
    author TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    head TEXT NOT NULL,                 -- the head commit then
    PRIMARY KEY (repository, pull)
);
