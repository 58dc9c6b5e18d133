-- What one postmortem shows of another's open items.
ALTER TABLE documents ADD COLUMN title TEXT;
ALTER TABLE items ADD COLUMN filed_at BIGINT;      -- when its issue was opened, where this program did it
