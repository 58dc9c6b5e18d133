-- Rewrites offered on pull requests, one row per finding, so that none is offered twice.
CREATE TABLE suggestions (
    repository BIGINT NOT NULL,
    pull BIGINT NOT NULL,
    rule TEXT NOT NULL,
    words TEXT NOT NULL,                -- digest of the words to be rewritten
    lines TEXT NOT NULL,                -- digest of path and lines they stand in
    state TEXT NOT NULL,                -- sending, offered, settled, gone
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, pull, rule, words, lines)
);
