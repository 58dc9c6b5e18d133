-- Keep in step with ../sqlite.

ALTER TABLE items ADD COLUMN note_at BIGINT;        -- when that comment was announced, microseconds; null: long ago
