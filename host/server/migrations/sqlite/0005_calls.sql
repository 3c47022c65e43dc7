-- Calls of functions and tools that were started once, in the background.
CREATE TABLE calls (
    token    TEXT PRIMARY KEY,
    run      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    host     TEXT NOT NULL,                 -- who makes the call; once that is gone, nobody knows its answer
    request  TEXT NOT NULL,                 -- SHA-256 of what was asked for
    answer   TEXT,                          -- JSON; null until it is there
    begun_at INTEGER NOT NULL
) STRICT;

CREATE INDEX calls_by_run ON calls (run);

ALTER TABLE tokens ADD COLUMN owner TEXT NOT NULL DEFAULT 'local';  -- for whose run they were taken
CREATE INDEX tokens_by_owner ON tokens (owner, at);
