-- Times are milliseconds since the Unix epoch. JSON columns hold the records of the plugin contract as the host names them.

CREATE TABLE sessions (
    id          TEXT PRIMARY KEY,
    sources     TEXT NOT NULL,              -- JSON: what the next request reads when it names nothing
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE uploads (
    uri         TEXT PRIMARY KEY,
    session     TEXT NOT NULL,
    name        TEXT NOT NULL,
    source      TEXT NOT NULL,              -- JSON: the object source, columns and sample included
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    id               TEXT PRIMARY KEY,      -- UUIDv7
    session          TEXT NOT NULL,
    framework        TEXT NOT NULL,
    state            TEXT NOT NULL,
    request          TEXT NOT NULL,         -- JSON: what was asked, with a snapshot of the sources; never changed
    plan             TEXT,                  -- JSON: platform and reason
    attempt          INTEGER NOT NULL DEFAULT 0,
    ticket           TEXT,
    outcome          TEXT,                  -- JSON: tables, document, figures, failure
    problem          TEXT,                  -- JSON: why it did not succeed
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    idempotency_key  TEXT UNIQUE,
    created_at       INTEGER NOT NULL,
    started_at       INTEGER,
    submitted_at     INTEGER,               -- when the engine got it: its time limit counts from here
    finished_at      INTEGER
) STRICT;

CREATE INDEX runs_by_session ON runs (session, id);
CREATE INDEX runs_by_state ON runs (state) WHERE finished_at IS NULL;

CREATE TABLE attempts (
    run        TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    code       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    author     TEXT NOT NULL,               -- `model`, `recipes` or `caller`
    notes      TEXT NOT NULL,               -- JSON: list of text
    findings   TEXT,                        -- JSON; null until validated
    digest     TEXT,                        -- the plugin that validated it
    failure    TEXT,                        -- JSON: how the engine failed on it
    created_at INTEGER NOT NULL,
    PRIMARY KEY (run, number)
) STRICT;

CREATE TABLE journal (
    run   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq   INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    kind  TEXT NOT NULL,                    -- `state`, `attempt`, `progress`, `note`
    data  TEXT NOT NULL,                    -- JSON
    PRIMARY KEY (run, seq)
) STRICT;
