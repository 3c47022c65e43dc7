-- Plugins that were installed, and the bundled ones, by their SHA-256 in hex.
CREATE TABLE components (
    digest    TEXT PRIMARY KEY,
    framework TEXT NOT NULL,
    version   TEXT NOT NULL,                 -- the plugin's own
    imports   TEXT NOT NULL,                 -- JSON: the interfaces that it asks for
    bytes     BIGINT NOT NULL,
    wasm      BYTEA NOT NULL,
    reference TEXT,                          -- what a registry calls it, by digest
    signature BYTEA,
    publisher TEXT,                          -- whose signature it is, when it was installed
    added_at  BIGINT NOT NULL
);

-- Every activation. The one with the highest number that is on no trial serves its framework.
CREATE TABLE generations (
    framework    TEXT NOT NULL,
    number       BIGINT NOT NULL,
    digest       TEXT NOT NULL,
    grants       TEXT NOT NULL,              -- JSON: the interfaces that it was granted
    bundled      BIGINT NOT NULL,           -- 1: nobody chose it, so the next version of the server may replace it
    activated_at BIGINT NOT NULL,
    trial        TEXT,                       -- JSON: on which terms it was tried out, and why that ended; null: it served
    PRIMARY KEY (framework, number)
);

ALTER TABLE runs ADD COLUMN generation BIGINT;  -- which generation of the plugin it is pinned to
ALTER TABLE runs ADD COLUMN digest     TEXT;     -- and its component

CREATE INDEX runs_by_digest ON runs (digest) WHERE finished_at IS NULL;

-- What the model took, for the budget of a day. Not forgotten with the runs that it was for.
CREATE TABLE tokens (
    framework TEXT NOT NULL,
    at        BIGINT NOT NULL,
    tokens    BIGINT NOT NULL
);

CREATE INDEX tokens_by_framework ON tokens (framework, at);
