-- Times are milliseconds since the Unix epoch. JSON columns hold the records of the plugin contract as the host names them;
-- they are text, since nothing is ever searched in them.

CREATE TABLE sessions (
    id          TEXT PRIMARY KEY,
    sources     TEXT NOT NULL,              -- JSON: what the next request reads when it names nothing
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE TABLE uploads (
    uri         TEXT PRIMARY KEY,
    session     TEXT NOT NULL,
    name        TEXT NOT NULL,
    source      TEXT NOT NULL,              -- JSON: the object source, columns and sample included
    created_at  BIGINT NOT NULL
);

-- Hosts that drive runs. A host's lease is what it may write under: see `store/hosts.rs`.
CREATE TABLE hosts (
    id         TEXT PRIMARY KEY,            -- UUIDv7, made at each start of a server
    expires_at BIGINT NOT NULL              -- by the database's clock
);

CREATE TABLE runs (
    id               TEXT PRIMARY KEY,      -- UUIDv7
    session          TEXT NOT NULL,
    framework        TEXT NOT NULL,
    state            TEXT NOT NULL,
    request          TEXT NOT NULL,         -- JSON: what was asked, with a snapshot of the sources; never changed
    plan             TEXT,                  -- JSON: platform and reason
    attempt          BIGINT NOT NULL DEFAULT 0,
    ticket           TEXT,
    outcome          TEXT,                  -- JSON: tables, document, figures, failure
    problem          TEXT,                  -- JSON: why it did not succeed
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    approved         TEXT,                  -- SHA-256 of the code that its caller said may run
    idempotency_key  TEXT UNIQUE,
    request_hash     TEXT,                  -- of what came with its idempotency key
    output           TEXT,                  -- the prefix that its caller chose for its results
    host             TEXT,                  -- who drives it; null: nobody yet
    seq              BIGINT NOT NULL DEFAULT 0,  -- the last number in its journal
    created_at       BIGINT NOT NULL,
    started_at       BIGINT,
    submitted_at     BIGINT,                -- when it was first handed to the engine: the queue's limit counts from here
    began_at         BIGINT,                -- when the engine began the program: the run's limit counts from here
    finished_at      BIGINT
);

CREATE INDEX runs_by_session ON runs (session, id);
CREATE INDEX runs_by_host ON runs (host) WHERE finished_at IS NULL;
CREATE INDEX runs_by_output ON runs (output) WHERE finished_at IS NULL AND output IS NOT NULL;

CREATE TABLE attempts (
    run        TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number     BIGINT NOT NULL,
    code       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    author     TEXT NOT NULL,               -- `model`, `recipes` or `caller`
    notes      TEXT NOT NULL,               -- JSON: list of text
    findings   TEXT,                        -- JSON; null until validated
    digest     TEXT,                        -- the plugin that validated it
    failure    TEXT,                        -- JSON: how the engine failed on it
    created_at BIGINT NOT NULL,
    PRIMARY KEY (run, number)
);

CREATE TABLE journal (
    run   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq   BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    kind  TEXT NOT NULL,                    -- `state`, `attempt`, `validated`, `progress`, `note`
    data  TEXT NOT NULL,                    -- JSON
    PRIMARY KEY (run, seq)
);
