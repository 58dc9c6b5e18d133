-- Times are microseconds since 1970 UTC, ids of GitHub's are as GitHub gives them. Keep in step with ../sqlite.

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    action TEXT,
    installation BIGINT,
    received_at BIGINT NOT NULL,
    body BYTEA,                         -- LZ4, its length before; NULL once pruned
    state TEXT NOT NULL,                -- pending, handled, ignored, failed
    due_at BIGINT NOT NULL,             -- of a pending one: when it may be claimed
    attempts BIGINT NOT NULL,
    reason TEXT,
    finished_at BIGINT
);
ALTER TABLE deliveries ALTER COLUMN body SET STORAGE EXTERNAL;    -- compressed already
CREATE INDEX deliveries_pending ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE work (
    installation BIGINT NOT NULL,
    repository BIGINT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    wanted BIGINT NOT NULL,             -- generations: marked, begun, completed
    begun BIGINT NOT NULL,
    done BIGINT NOT NULL,
    marks BIGINT NOT NULL,              -- of the wanted generation
    marked_at BIGINT NOT NULL,          -- its first
    PRIMARY KEY (installation, repository, kind)
);
CREATE INDEX work_wanted ON work (marked_at) WHERE wanted > done;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,                -- kind and key
    kind TEXT NOT NULL,
    job_key TEXT NOT NULL,
    lane TEXT NOT NULL,
    turn BIGINT NOT NULL,               -- lanes take turns: the lowest is next
    generation BIGINT NOT NULL,
    run_at BIGINT NOT NULL,             -- when it is wanted
    due_at BIGINT NOT NULL,             -- when it may be claimed: run_at, or when the claim on it runs out
    claimed BIGINT NOT NULL,            -- 1: somebody runs it
    claim BIGINT NOT NULL,              -- how often it was claimed: fences whoever was paused
    runs BIGINT NOT NULL                -- since it was last done
);
CREATE INDEX jobs_next ON jobs (turn, due_at);
CREATE INDEX jobs_due ON jobs (due_at);
CREATE INDEX jobs_lane ON jobs (lane, turn);

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    token BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE documents (
    document TEXT PRIMARY KEY,
    repository BIGINT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    postmortem_url TEXT,
    updated_at BIGINT NOT NULL
);
CREATE INDEX documents_path ON documents (repository, path);

CREATE TABLE items (
    document TEXT NOT NULL REFERENCES documents (document),
    item TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    item_text TEXT NOT NULL,
    item_group TEXT,
    state TEXT NOT NULL,                -- open, done, declined
    present BIGINT NOT NULL,            -- 1: the document still has it
    filing TEXT NOT NULL,               -- planned, sending, filed, adopted, failed
    sending_since BIGINT,
    attempt TEXT,
    reason TEXT,
    issue_repository BIGINT,
    issue_owner TEXT,
    issue_name TEXT,
    issue_number BIGINT,
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
    repository BIGINT NOT NULL,
    number BIGINT NOT NULL,
    node TEXT NOT NULL,
    document TEXT NOT NULL,
    item TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, number)
);
CREATE INDEX issue_markers_item ON issue_markers (document, item);

CREATE TABLE marker_scans (
    repository BIGINT PRIMARY KEY,
    scanned_until BIGINT NOT NULL
);

CREATE TABLE posted_comments (
    repository BIGINT NOT NULL,
    pull BIGINT NOT NULL,
    comment BIGINT NOT NULL,
    body_digest TEXT NOT NULL,
    PRIMARY KEY (repository, pull)
);

CREATE TABLE posted_checks (
    repository BIGINT NOT NULL,
    head TEXT NOT NULL,
    check_run BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository, head)
);

CREATE TABLE installations (
    installation BIGINT PRIMARY KEY,
    account TEXT NOT NULL,
    state TEXT NOT NULL,                -- active, suspended, removed
    updated_at BIGINT NOT NULL
);

CREATE TABLE configurations (
    repository BIGINT PRIMARY KEY,
    blob_oid TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    position TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE failures (
    failure TEXT PRIMARY KEY,
    what TEXT NOT NULL,
    since BIGINT NOT NULL,
    last BIGINT NOT NULL,
    times BIGINT NOT NULL,
    permanent BIGINT NOT NULL
);
