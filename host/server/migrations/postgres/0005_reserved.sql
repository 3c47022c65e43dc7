-- Tokens that an answer may take count before it is there.
ALTER TABLE tokens ADD COLUMN id TEXT;  -- of the answer; null where it was there before answers were counted ahead
CREATE UNIQUE INDEX tokens_by_id ON tokens (id);
