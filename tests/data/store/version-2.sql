-- SPDX-License-Identifier: Apache-2.0
-- A store of version 2 as 'sqlite3 store.db .dump' gives it, and the two numbers of its header.
BEGIN TRANSACTION;
PRAGMA application_id=1383034739; PRAGMA user_version=2;
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
INSERT INTO "api_token" VALUES('ffeeddccbbaa0011','kim','admin','h2','console',1790000000000000,0,0,0);
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
INSERT INTO "audit" VALUES(1,1790000000000000,'console','token.add','kim',NULL,'local','0000000000000000000000000000000000000000000000000000000000000000','ec1c3da52ef19b2eb21130f1f69b88cf6be2e6f0033a34ef385f8527d6b7fc53');
INSERT INTO "audit" VALUES(2,1790000000000002,'kim','join.approve','ai-1','{"generation":2}','192.0.2.9','ec1c3da52ef19b2eb21130f1f69b88cf6be2e6f0033a34ef385f8527d6b7fc53','a8df55413bd58711488601a9ce1ee6aeb0e1b562c75067acf3a9a38da58011ab');
CREATE TABLE bundle (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL, -- of the node, that the manifest names
    version INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    playbook TEXT NOT NULL, -- '': the bundle was withdrawn, the manifest has no files
    manifest TEXT NOT NULL, -- as it is sent, with its signature
    taken_version INTEGER NOT NULL DEFAULT 0, -- as the node last told
    taken_us INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "bundle" VALUES(1,2,7,1000,9000,'kim','site.yml','roost-bundle-v1 00',7,1500);
CREATE TABLE bundle_file (
    node_id INTEGER NOT NULL REFERENCES bundle (node_id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (node_id, sha256)
) STRICT, WITHOUT ROWID;
INSERT INTO "bundle_file" VALUES(1,'abababababababababababababababababababababababababababababababab');
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
INSERT INTO "drift" VALUES(1,1,'file /etc/motd',8,NULL,'-a
+b',0,0,0,1790000000000000,1790000000000000,1,0);
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL, -- "node.lost"
    node_id INTEGER NOT NULL DEFAULT 0, -- 0: none; stays when the node is forgotten
    node TEXT, -- its name then
    run_id INTEGER NOT NULL DEFAULT 0,
    body TEXT -- JSON, or NULL
) STRICT;
INSERT INTO "event" VALUES(1,1000,'node.joined',1,'ai-1',0,'{"generation":2}');
INSERT INTO "event" VALUES(2,2000,'drift.found',1,'ai-1',0,'{"resource":"file /etc/motd"}');
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
INSERT INTO "join_request" VALUES(1,'00112233aabbccdd','ai-1','0000000000000000000000000000000000000000000000000000000000000002','pem','0.4','192.0.2.7',2,1790000000000001,1790000000000002,'kim',1,2);
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
INSERT INTO "join_token" VALUES(1,'00112233aabbccdd','h','ai-*',1,'kim',1790000000000000,1790000000000100,1790000000000001,'0000000000000000000000000000000000000000000000000000000000000002',0);
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
INSERT INTO "model" VALUES(1,'llama','ready',NULL,7,NULL,1790000000000000);
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
, lost_us INTEGER NOT NULL DEFAULT 0, policy TEXT) STRICT;
INSERT INTO "node" VALUES(1,'ai-1',2,2,1790000000000000,1790000000000003,1790000000000000,1790000000000003,'0.4','boot','drift','1 resource','0000000000000000000000000000000000000000000000000000000000000002',3,1,3000,'repair');
CREATE TABLE node_facts (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;
INSERT INTO "node_facts" VALUES(1,'{"kernel":"6.1"}');
CREATE TABLE node_key (
    fingerprint TEXT PRIMARY KEY,
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    revoked_us INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "node_key" VALUES('0000000000000000000000000000000000000000000000000000000000000001',1,1,1790000000000000,1790000000000009,1790000000000002);
INSERT INTO "node_key" VALUES('0000000000000000000000000000000000000000000000000000000000000002',1,2,1790000000000002,1790000000000101,0);
CREATE TABLE node_work (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (node_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "node_work" VALUES(1,1,'check',NULL,1790000000000000,0);
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
INSERT INTO "report" VALUES(1,2,1,1790000000000000,1790000000000003,'hello','{}');
INSERT INTO "report" VALUES(1,2,2,1790000000000001,1790000000000003,'facts','{}');
INSERT INTO "report" VALUES(1,2,3,1790000000000002,1790000000000003,'drift','{}');
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
, again_of INTEGER NOT NULL DEFAULT 0, exit_code INTEGER) STRICT;
INSERT INTO "run" VALUES(1,'k','check','site.yml','node:ai-1',1,NULL,8,NULL,1790000000000000,0,1790000000000005,2,0,NULL);
CREATE TABLE run_event (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    host TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO "run_event" VALUES(1,1,1790000000000000,'run_start',NULL,'{}');
INSERT INTO "run_event" VALUES(1,2,1790000000000001,'run_end','ai-1','{"ok":1}');
CREATE TABLE run_file (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run_id, sha256)
) STRICT, WITHOUT ROWID;
INSERT INTO "run_file" VALUES(1,'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd');
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
INSERT INTO "run_host" VALUES(1,'ai-1',1,8,1,0,0,0,0,0,0);
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
INSERT INTO "sample" VALUES(1,1790000000000000,120.0,55.5,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0);
CREATE TABLE webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL, -- as it is: it signs
    kinds TEXT NOT NULL, -- joined by ","
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
INSERT INTO "webhook" VALUES(1,'chat','https://hooks.example/','s','node_lost','kim',1790000000000000);
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
INSERT INTO "webhook_delivery" VALUES(1,1,'node_lost','{}',1790000000000000,0,1790000000000000,0,0,NULL);
CREATE INDEX node_state ON node (state, verdict);
CREATE INDEX node_key_node ON node_key (node_id, generation);
CREATE INDEX join_request_state ON join_request (state, id);
CREATE INDEX report_received ON report (received_us);
CREATE INDEX run_node ON run (node_id, id) WHERE node_id IS NOT NULL;
CREATE INDEX run_created ON run (created_us);
CREATE INDEX run_host_node ON run_host (node_id, run_id) WHERE node_id IS NOT NULL;
CREATE UNIQUE INDEX drift_open ON drift (node_id, resource) WHERE resolved_us = 0;
CREATE INDEX drift_node ON drift (node_id, id);
CREATE INDEX drift_resolved ON drift (resolved_us, id);
CREATE INDEX model_node ON model (node_id, name);
CREATE INDEX sample_at ON sample (at_us);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_us) WHERE next_us > 0;
CREATE INDEX webhook_delivery_hook ON webhook_delivery (webhook_id, id);
CREATE INDEX event_at ON event (at_us);
CREATE INDEX bundle_file_sha256 ON bundle_file (sha256);
CREATE INDEX run_file_sha256 ON run_file (sha256);
CREATE INDEX report_copy ON report (received_us) WHERE kind IN ('run_event', 'sample');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('join_request',1);
INSERT INTO "sqlite_sequence" VALUES('run',1);
INSERT INTO "sqlite_sequence" VALUES('drift',1);
INSERT INTO "sqlite_sequence" VALUES('webhook',1);
INSERT INTO "sqlite_sequence" VALUES('webhook_delivery',1);
INSERT INTO "sqlite_sequence" VALUES('event',2);
COMMIT;
