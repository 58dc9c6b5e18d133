-- What becomes of items after their issues are there. Keep in step with ../sqlite.

ALTER TABLE items ADD COLUMN followed TEXT;           -- open, done, declined, removed: of the document, brought to the issue last
ALTER TABLE items ADD COLUMN proposed_in BIGINT;     -- the pull request that filed it before its merge
ALTER TABLE items ADD COLUMN in_parent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE items ADD COLUMN note TEXT;               -- the gist of the comment that is about to be sent
ALTER TABLE items ADD COLUMN left_alone BIGINT NOT NULL DEFAULT 0; -- it was there before anybody asked: not filed by itself
ALTER TABLE documents ADD COLUMN merged_on TEXT;         -- the day that it first came into the default branch

-- Several postmortems may ask for one fix.
DROP INDEX items_issue;
CREATE INDEX items_of_issue ON items (issue_repository, issue_number) WHERE issue_number IS NOT NULL;
CREATE INDEX items_of_node ON items (issue_node) WHERE issue_node IS NOT NULL;

CREATE TABLE document_pulls (
    document TEXT NOT NULL,
    pull BIGINT NOT NULL,
    PRIMARY KEY (document, pull)
);

-- Files that pushes to the default branch touched and that nobody has looked at since.
CREATE TABLE pushed_files (
    repository BIGINT NOT NULL,
    path TEXT NOT NULL,
    base TEXT NOT NULL,                -- the commit before the first of these pushes
    times BIGINT NOT NULL,
    PRIMARY KEY (repository, path)
);
