-- SPDX-License-Identifier: Apache-2.0
-- Step 1. A step that was released never changes: what comes later is a step of its own.
-- Times are microseconds since 1970 (UTC), NULL or 0: never. Bodies are JSON.

CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL CHECK (state IN (1, 2, 4)), -- pending, active, revoked
    generation INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL DEFAULT 0,
    facts_us INTEGER NOT NULL DEFAULT 0,
    verdict_us INTEGER NOT NULL DEFAULT 0,
    agent TEXT,
    boot_id TEXT,
    verdict TEXT,
    reason TEXT,
    key TEXT, -- fingerprint
    reported INTEGER NOT NULL DEFAULT 0, -- last report of this generation
    work_number INTEGER NOT NULL DEFAULT 0 -- last number given in node_work
) STRICT;
CREATE INDEX node_state ON node (state, verdict);

-- Apart, so that lists of nodes read short rows.
CREATE TABLE node_facts (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE node_key (
    fingerprint TEXT PRIMARY KEY,
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    revoked_us INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX node_key_node ON node_key (node_id, generation);

CREATE TABLE join_token (
    number INTEGER PRIMARY KEY, -- the order in which they were made
    id TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    pattern TEXT,
    needs_approval INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    used_us INTEGER NOT NULL DEFAULT 0,
    used_key TEXT,
    revoked_us INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE join_request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token_id TEXT NOT NULL,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request TEXT NOT NULL,
    agent TEXT,
    peer TEXT,
    state INTEGER NOT NULL CHECK (state IN (1, 2, 4)), -- pending, approved, refused
    asked_us INTEGER NOT NULL,
    decided_us INTEGER NOT NULL DEFAULT 0,
    decided_by TEXT,
    node_id INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL DEFAULT 0,
    UNIQUE (token_id, fingerprint)
) STRICT;
CREATE INDEX join_request_state ON join_request (state, id);

CREATE TABLE api_token (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    hash TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL DEFAULT 0,
    used_us INTEGER NOT NULL DEFAULT 0,
    revoked_us INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT,
    peer TEXT,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TABLE report (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (node_id, generation, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_received ON report (received_us);

CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    actor TEXT NOT NULL,
    node_id INTEGER REFERENCES node (id) ON DELETE CASCADE,
    options TEXT,
    state INTEGER NOT NULL,
    reason TEXT,
    created_us INTEGER NOT NULL,
    started_us INTEGER NOT NULL DEFAULT 0,
    ended_us INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0 -- number of the last event
) STRICT;
CREATE INDEX run_node ON run (node_id, id) WHERE node_id IS NOT NULL;
CREATE INDEX run_created ON run (created_us);

CREATE TABLE run_event (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    host TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_host (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    node_id INTEGER,
    state INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    unreachable INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    rescued INTEGER NOT NULL,
    ignored INTEGER NOT NULL,
    PRIMARY KEY (run_id, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_host_node ON run_host (node_id, run_id) WHERE node_id IS NOT NULL;

CREATE TABLE drift (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    cause INTEGER NOT NULL CHECK (cause IN (1, 2, 4, 8)), -- unknown, intentional, corrective, external
    reason TEXT,
    diff TEXT,
    window_from_us INTEGER NOT NULL DEFAULT 0,
    window_to_us INTEGER NOT NULL DEFAULT 0,
    run_id INTEGER NOT NULL DEFAULT 0,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    count INTEGER NOT NULL,
    resolved_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX drift_open ON drift (node_id, resource) WHERE resolved_us = 0;
CREATE INDEX drift_node ON drift (node_id, id);
CREATE INDEX drift_resolved ON drift (resolved_us, id);

CREATE TABLE node_work (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (node_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    digest TEXT,
    bytes INTEGER NOT NULL,
    detail TEXT,
    seen_us INTEGER NOT NULL,
    PRIMARY KEY (name, node_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_node ON model (node_id, name);

CREATE TABLE sample (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    at_us INTEGER NOT NULL,
    watts REAL,
    celsius REAL,
    gpu_busy REAL,
    memory_used REAL,
    memory_total REAL,
    gtt_used REAL,
    gtt_total REAL,
    vram_used REAL,
    vram_total REAL,
    load REAL,
    PRIMARY KEY (node_id, at_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX sample_at ON sample (at_us);

CREATE TABLE webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL, -- as it is: it signs
    kinds TEXT NOT NULL, -- joined by ","
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE webhook_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_us INTEGER NOT NULL, -- 0: over
    delivered_us INTEGER NOT NULL DEFAULT 0,
    status INTEGER NOT NULL DEFAULT 0, -- of HTTP, of the last try
    error TEXT
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_us) WHERE next_us > 0;
CREATE INDEX webhook_delivery_hook ON webhook_delivery (webhook_id, id);
