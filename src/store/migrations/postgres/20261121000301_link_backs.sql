-- What was written of a document's issues into the document, or proposed: one row per document.
CREATE TABLE link_backs (
    document TEXT PRIMARY KEY,
    repository BIGINT NOT NULL,
    branch TEXT NOT NULL,                -- of its pull request, whether there is one or not
    settled TEXT,                       -- digest of what is wanted and done; NULL: look on GitHub
    declined TEXT NOT NULL               -- names of edits that people turned down, separated by commas
);
CREATE INDEX link_backs_branch ON link_backs (repository, branch);

-- Links written or offered on a pull request before its merge.
CREATE TABLE link_offers (
    repository BIGINT NOT NULL,
    pull BIGINT NOT NULL,
    edit TEXT NOT NULL,                 -- its name
    state TEXT NOT NULL,                -- sending, offered
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, pull, edit)
);
