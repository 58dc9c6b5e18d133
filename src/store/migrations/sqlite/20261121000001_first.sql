-- Times are microseconds since 1970 UTC, ids of GitHub's are as GitHub gives them. Keep in step with ../postgres.

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    action TEXT,
    installation INTEGER,
    received_at INTEGER NOT NULL,
    body BLOB,                         -- LZ4, its length before; NULL once pruned
    state TEXT NOT NULL,                -- pending, handled, ignored, failed
    due_at INTEGER NOT NULL,             -- of a pending one: when it may be claimed
    attempts INTEGER NOT NULL,
    reason TEXT,
    finished_at INTEGER
);
CREATE INDEX deliveries_pending ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE work (
    installation INTEGER NOT NULL,
    repository INTEGER NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    wanted INTEGER NOT NULL,             -- generations: marked, begun, completed
    begun INTEGER NOT NULL,
    done INTEGER NOT NULL,
    marks INTEGER NOT NULL,              -- of the wanted generation
    marked_at INTEGER NOT NULL,          -- its first
    PRIMARY KEY (installation, repository, kind)
);
CREATE INDEX work_wanted ON work (marked_at) WHERE wanted > done;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,                -- kind and key
    kind TEXT NOT NULL,
    job_key TEXT NOT NULL,
    lane TEXT NOT NULL,
    turn INTEGER NOT NULL,               -- lanes take turns: the lowest is next
    generation INTEGER NOT NULL,
    run_at INTEGER NOT NULL,             -- when it is wanted
    due_at INTEGER NOT NULL,             -- when it may be claimed: run_at, or when the claim on it runs out
    claimed INTEGER NOT NULL,            -- 1: somebody runs it
    claim INTEGER NOT NULL,              -- how often it was claimed: fences whoever was paused
    runs INTEGER NOT NULL                -- since it was last done
);
CREATE INDEX jobs_next ON jobs (turn, due_at);
CREATE INDEX jobs_due ON jobs (due_at);
CREATE INDEX jobs_lane ON jobs (lane, turn);

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    token INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);

CREATE TABLE documents (
    document TEXT PRIMARY KEY,
    repository INTEGER NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    postmortem_url TEXT,
    updated_at INTEGER NOT NULL
);
CREATE INDEX documents_path ON documents (repository, path);

CREATE TABLE items (
    document TEXT NOT NULL REFERENCES documents (document),
    item TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    item_text TEXT NOT NULL,
    item_group TEXT,
    state TEXT NOT NULL,                -- open, done, declined
    present INTEGER NOT NULL,            -- 1: the document still has it
    filing TEXT NOT NULL,               -- planned, sending, filed, adopted, failed
    sending_since INTEGER,
    attempt TEXT,
    reason TEXT,
    issue_repository INTEGER,
    issue_owner TEXT,
    issue_name TEXT,
    issue_number INTEGER,
    issue_node TEXT,
    issue_url TEXT,
    issue_title TEXT,
    issue_body_digest TEXT,
    issue_state TEXT,                   -- open, completed, not_planned
    board_item TEXT,
    PRIMARY KEY (document, item)
);
CREATE UNIQUE INDEX items_issue ON items (issue_repository, issue_number) WHERE issue_number IS NOT NULL;
CREATE INDEX items_sending ON items (sending_since) WHERE filing = 'sending';

CREATE TABLE issue_markers (
    repository INTEGER NOT NULL,
    number INTEGER NOT NULL,
    node TEXT NOT NULL,
    document TEXT NOT NULL,
    item TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (repository, number)
);
CREATE INDEX issue_markers_item ON issue_markers (document, item);

CREATE TABLE marker_scans (
    repository INTEGER PRIMARY KEY,
    scanned_until INTEGER NOT NULL
);

CREATE TABLE posted_comments (
    repository INTEGER NOT NULL,
    pull INTEGER NOT NULL,
    comment INTEGER NOT NULL,
    body_digest TEXT NOT NULL,
    PRIMARY KEY (repository, pull)
);

CREATE TABLE posted_checks (
    repository INTEGER NOT NULL,
    head TEXT NOT NULL,
    check_run INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository, head)
);

CREATE TABLE installations (
    installation INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    state TEXT NOT NULL,                -- active, suspended, removed
    updated_at INTEGER NOT NULL
);

CREATE TABLE configurations (
    repository INTEGER PRIMARY KEY,
    blob_oid TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    position TEXT NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE failures (
    failure TEXT PRIMARY KEY,
    what TEXT NOT NULL,
    since INTEGER NOT NULL,
    last INTEGER NOT NULL,
    times INTEGER NOT NULL,
    permanent INTEGER NOT NULL
);
