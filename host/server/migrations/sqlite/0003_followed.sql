ALTER TABLE sessions ADD COLUMN owner TEXT NOT NULL DEFAULT 'local';  -- who may use it

ALTER TABLE runs ADD COLUMN owner         TEXT NOT NULL DEFAULT 'local';  -- who may see it
ALTER TABLE runs ADD COLUMN trace         TEXT;                        -- W3C trace context of the request that made it
ALTER TABLE runs ADD COLUMN log_next      INTEGER NOT NULL DEFAULT 0;  -- where its attempt's log goes on, for the plugin
ALTER TABLE runs ADD COLUMN log_bytes     INTEGER NOT NULL DEFAULT 0;  -- of all attempts, with what was dropped
ALTER TABLE runs ADD COLUMN heard_at      INTEGER;                     -- when its program last printed something
ALTER TABLE runs ADD COLUMN cost_expected INTEGER;                     -- in millionths of the currency
ALTER TABLE runs ADD COLUMN cost_billed   INTEGER;
ALTER TABLE runs ADD COLUMN cost_counted  INTEGER;  -- what counts for the cap of a day, of all attempts
ALTER TABLE runs ADD COLUMN counted_at    INTEGER;  -- when its last attempt was counted in

CREATE INDEX runs_open_by_session ON runs (session) WHERE finished_at IS NULL;
CREATE INDEX runs_by_cost ON runs (counted_at) WHERE counted_at IS NOT NULL;
CREATE INDEX sessions_by_owner ON sessions (owner);

-- What programs printed, as it was followed.
CREATE TABLE logs (
    run     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    start   INTEGER NOT NULL,                -- the byte of the run's log at which the piece begins
    attempt INTEGER NOT NULL,
    text    TEXT NOT NULL,
    PRIMARY KEY (run, start)
) STRICT;

-- What the model said, kept so that a crash does not pay it twice.
CREATE TABLE answers (
    run           TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt       INTEGER NOT NULL,
    prompt_sha256 TEXT NOT NULL,
    text          TEXT NOT NULL,
    finish        TEXT NOT NULL,             -- `complete`, `truncated` or `refused`
    model         TEXT NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    PRIMARY KEY (run, attempt)
) STRICT;
