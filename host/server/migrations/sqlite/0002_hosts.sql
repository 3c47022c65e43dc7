-- Hosts that drive runs. A host's lease is what it may write under: see `store/hosts.rs`.
CREATE TABLE hosts (
    id         TEXT PRIMARY KEY,            -- UUIDv7, made at each start of a server
    expires_at INTEGER NOT NULL             -- by the database's clock
) STRICT;

ALTER TABLE runs ADD COLUMN host         TEXT;     -- who drives it; null: nobody yet
ALTER TABLE runs ADD COLUMN seq          INTEGER NOT NULL DEFAULT 0;  -- the last number in its journal
ALTER TABLE runs ADD COLUMN request_hash TEXT;     -- of what came with its idempotency key
ALTER TABLE runs ADD COLUMN output       TEXT;     -- the prefix that its caller chose for its results
ALTER TABLE runs ADD COLUMN began_at     INTEGER;  -- when the engine began the program: the run's limit counts from here
ALTER TABLE runs ADD COLUMN approved     TEXT;     -- SHA-256 of the code that its caller said may run

UPDATE runs SET output = json_extract(request, '$.task.output') WHERE finished_at IS NULL;
UPDATE runs SET seq = COALESCE((SELECT MAX(journal.seq) FROM journal WHERE journal.run = runs.id), 0);

CREATE INDEX runs_by_host ON runs (host) WHERE finished_at IS NULL;
CREATE INDEX runs_by_output ON runs (output) WHERE finished_at IS NULL AND output IS NOT NULL;
