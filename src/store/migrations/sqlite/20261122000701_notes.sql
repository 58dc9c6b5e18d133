-- Keep in step with ../postgres.

ALTER TABLE items ADD COLUMN note_at INTEGER;       -- when that comment was announced, microseconds; null: long ago
