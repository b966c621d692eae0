-- SPDX-License-Identifier: Apache-2.0
-- A store of version 3 as 'sqlite3 store.db .dump' gives it, and the two numbers of its header.
BEGIN TRANSACTION;
PRAGMA application_id=1383034739; PRAGMA user_version=3;
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
CREATE TABLE bench (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL, -- asked for
    by TEXT NOT NULL,
    kind TEXT NOT NULL, -- "llama_bench", "hpl", "iperf3"
    subject TEXT NOT NULL, -- model, or ""
    nodes TEXT NOT NULL, -- JSON list of names, by name; until it is placed: those that it may use
    nodes_count INTEGER NOT NULL, -- that it runs on
    state TEXT NOT NULL, -- "waiting", "running", "done", "failed"
    sentence TEXT NOT NULL DEFAULT '',
    settings TEXT NOT NULL, -- JSON: what makes two of them comparable, beside kind, subject and nodes
    declaration TEXT NOT NULL, -- JSON: the workload that runs it
    began_us INTEGER NOT NULL DEFAULT 0,
    ended_us INTEGER NOT NULL DEFAULT 0,
    alike TEXT, -- digest of all that must be equal to compare; NULL: not yet placed
    host TEXT NOT NULL DEFAULT '{}', -- JSON by node: kernel, firmware, engine's build, parameters, packages
    figures TEXT, -- JSON
    output TEXT, -- JSON list: what its jobs wrote
    watts REAL, -- of its nodes together, on average
    compared INTEGER, -- the bench before it that it was compared with
    change REAL, -- its figure that is worst beside that one: -0.07 is 7 % less
    causes TEXT -- JSON list of sentences: what is different on its nodes since
) STRICT;
INSERT INTO "bench" VALUES(1,1790000000000000,'by','llama_bench','subject','["ai-1"]',1,'serving','','{}','{}',0,0,NULL,'{}',NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE build_record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    by TEXT NOT NULL,
    rebuild TEXT NOT NULL, -- its name
    node TEXT, -- NULL: of the cluster as a whole
    outcome TEXT NOT NULL, -- "built", "failed"
    record TEXT NOT NULL, -- canonical JSON
    signature TEXT NOT NULL -- Ed25519 of the record, hex
) STRICT;
INSERT INTO "build_record" VALUES(1,1790000000000000,'by','rebuild',NULL,'built','{}','signature');
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
CREATE TABLE energy (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    joules REAL NOT NULL,
    watts_min REAL,
    watts_max REAL,
    source TEXT NOT NULL, -- "rapl", "hwmon", "rapl+hwmon"
    workloads TEXT NOT NULL, -- JSON: what stood on the node then, {"chat": {"instances": [12], "job": false}}
    busy REAL, -- seconds of requests within it; NULL: not shared out yet
    PRIMARY KEY (node_id, from_us)
) STRICT, WITHOUT ROWID;
INSERT INTO "energy" VALUES(1,1,1790000000000000,1.5,NULL,NULL,'source','workloads',NULL);
CREATE TABLE energy_idle (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    watts REAL, -- NULL: too little was seen
    seen INTEGER NOT NULL, -- figures that it is made of
    at_us INTEGER NOT NULL
) STRICT;
INSERT INTO "energy_idle" VALUES(1,NULL,1,1790000000000000);
CREATE TABLE energy_sum (
    slot_us INTEGER NOT NULL,
    workload TEXT NOT NULL, -- "": the node's own: idle while no workload stood there, what nobody can be told to have taken
    node TEXT NOT NULL, -- name: stays when the node is deleted
    active REAL NOT NULL,
    idle REAL NOT NULL,
    unattributed REAL NOT NULL,
    seconds REAL NOT NULL, -- measured
    PRIMARY KEY (slot_us, workload, node)
) STRICT, WITHOUT ROWID;
INSERT INTO "energy_sum" VALUES(1,'workload','node',1.5,1.5,1.5,1.5);
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
CREATE TABLE gateway_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    models TEXT, -- JSON list of names that it may use; NULL: all
    requests_per_minute INTEGER NOT NULL DEFAULT 0, -- 0: no limit
    tokens_per_minute INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_us INTEGER NOT NULL DEFAULT 0,
    revoked_us INTEGER NOT NULL DEFAULT 0,
    used_us INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "gateway_key" VALUES('id','chat','hash',NULL,0,0,1790000000000000,'created_by',0,0,0);
CREATE TABLE gateway_usage (
    key_id TEXT NOT NULL,
    model TEXT NOT NULL,
    hour_us INTEGER NOT NULL, -- of old ones: of a month, at its begin
    requests INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0, -- what is left of `requests` is done
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, model, hour_us)
) STRICT, WITHOUT ROWID;
INSERT INTO "gateway_usage" VALUES('key_id','model',1,0,0,0,0,0,0);
CREATE TABLE instance (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workload_id INTEGER NOT NULL REFERENCES workload (id) ON DELETE CASCADE,
    replica INTEGER NOT NULL,
    version INTEGER NOT NULL, -- of the declaration it was made from
    attempt INTEGER NOT NULL DEFAULT 0, -- counts starts
    failures INTEGER NOT NULL DEFAULT 0, -- in a row
    state TEXT NOT NULL, -- pending, placing, downloading, starting, loading, serving, degraded, failed, stopped; batch: running, done
    sentence TEXT NOT NULL,
    since_us INTEGER NOT NULL, -- of the state
    plan TEXT, -- JSON: parts with nodes, roles, bytes, ports; NULL: not placed
    key TEXT, -- SECRET: what the head is asked with
    next_us INTEGER NOT NULL DEFAULT 0, -- not tried again before
    began_us INTEGER NOT NULL DEFAULT 0, -- of this attempt
    served_us INTEGER NOT NULL DEFAULT 0, -- last good probe
    probe_ms REAL, -- it took so long
    load_s REAL, -- the last start took so long until it served
    log TEXT, -- the last lines of the failure, JSON
    result TEXT, -- batch: figures and output, JSON
    touched INTEGER NOT NULL DEFAULT 0, -- counts changes by others than the launcher
    retires_us INTEGER NOT NULL DEFAULT 0, -- another one has its place since then; 0: none has
    UNIQUE (workload_id, replica)
) STRICT;
INSERT INTO "instance" VALUES(1,1,1,1,0,0,'serving','sentence',1790000000000000,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,0,0);
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
CREATE TABLE model_fetch (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    name TEXT, -- of a link to it there
    by TEXT NOT NULL, -- who asked: "workload chat", an operator's name; "holder": it has it and others want it
    fetch INTEGER NOT NULL, -- number of the whole undertaking: nodes of one fetch the same commit
    state TEXT NOT NULL, -- wanted, fetching, ready, failed, look
    is_seed INTEGER NOT NULL DEFAULT 0, -- it fetches from the origin
    origin_failed INTEGER NOT NULL DEFAULT 0, -- it could not
    is_bad INTEGER NOT NULL DEFAULT 0, -- what it gave to a neighbour was wrong: nobody takes from it
    tries INTEGER NOT NULL DEFAULT 0, -- of what came from neighbours and was wrong as a whole
    done_bytes INTEGER NOT NULL DEFAULT 0,
    total_bytes INTEGER NOT NULL DEFAULT 0,
    detail TEXT, -- JSON: bytes by where they came from, bad neighbours, path, digest, sentence
    at_us INTEGER NOT NULL, -- it was heard, or told to begin
    PRIMARY KEY (node_id, source)
) STRICT, WITHOUT ROWID;
INSERT INTO "model_fetch" VALUES(1,'source',NULL,'by',1,'serving',0,0,0,0,0,0,NULL,1790000000000000);
CREATE TABLE model_peak (
    digest TEXT NOT NULL,
    build TEXT NOT NULL,
    context INTEGER NOT NULL,
    slots INTEGER NOT NULL,
    kv TEXT NOT NULL,
    options TEXT NOT NULL, -- JSON of those that change what it takes, by name
    nodes INTEGER NOT NULL,
    gpu INTEGER NOT NULL,
    host INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (digest, build, context, slots, kv, options, nodes)
) STRICT, WITHOUT ROWID;
INSERT INTO "model_peak" VALUES('digest','build',1,1,'kv','options',1,1,1,1790000000000000);
CREATE TABLE model_shape (
    key TEXT PRIMARY KEY, -- digest, or source
    bytes INTEGER NOT NULL,
    shape TEXT NOT NULL, -- JSON
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "model_shape" VALUES('key',1,'{}',1790000000000000);
CREATE TABLE model_told (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    digest TEXT NOT NULL
) STRICT;
INSERT INTO "model_told" VALUES(1,'digest');
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
CREATE TABLE node_engine (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    build TEXT NOT NULL,
    path TEXT NOT NULL,
    detail TEXT, -- JSON
    PRIMARY KEY (node_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "node_engine" VALUES(1,'chat','build','path',NULL);
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
CREATE TABLE node_memory (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    at_us INTEGER NOT NULL,
    body TEXT NOT NULL -- JSON
) STRICT;
INSERT INTO "node_memory" VALUES(1,1790000000000000,'{}');
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
CREATE TABLE piece (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    instance_id INTEGER NOT NULL, -- stays when the instance is gone
    attempt INTEGER NOT NULL, -- of the instance
    ordinal INTEGER NOT NULL, -- in the order of their start
    role TEXT NOT NULL, -- "head", "worker"
    body TEXT NOT NULL, -- JSON of common/placement/piece.h; SECRET
    gpu INTEGER NOT NULL DEFAULT 0, -- bytes it was promised
    host INTEGER NOT NULL DEFAULT 0,
    port INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL, -- of the node when it was made
    due INTEGER NOT NULL DEFAULT 0, -- 1: the node is told; else it waits for others
    wanted INTEGER NOT NULL DEFAULT 1, -- 0: it is to go
    state TEXT, -- as the node last told
    told TEXT, -- JSON of the node's last report of it, but for:
    output TEXT, -- what a job wrote, JSON; large
    told_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (node_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "piece" VALUES(1,'chat',1,1,1,'head','{}',0,0,0,1,0,1,NULL,NULL,NULL,0);
CREATE TABLE placement (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    told_epoch INTEGER NOT NULL DEFAULT 0, -- the node's last report was of this one
    drained INTEGER NOT NULL DEFAULT 0, -- nothing new is placed there
    drained_by TEXT,
    drained_why TEXT,
    lease_s INTEGER NOT NULL DEFAULT 30, -- of pieces that end when the controller is not heard
    lease_before_s INTEGER NOT NULL DEFAULT 0, -- the node may still go by that one; 0: it does not
    lease_epoch INTEGER NOT NULL DEFAULT 0 -- from this one on the node has lease_s
) STRICT;
INSERT INTO "placement" VALUES(1,1,0,0,NULL,NULL,30,0,0);
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
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL, -- JSON
    changed_us INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "setting" VALUES('chat','value',1790000000000000,'changed_by');
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
CREATE TABLE workload (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: what was read of one must not be taken for another
    name TEXT NOT NULL UNIQUE,
    declaration TEXT NOT NULL, -- JSON, in full
    wanted TEXT NOT NULL, -- "run", "stop"
    version INTEGER NOT NULL, -- counts changes after which it starts anew
    revision INTEGER NOT NULL, -- counts all changes of the declaration
    created_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT;
INSERT INTO "workload" VALUES(1,'chat','{}','run',1,1,1790000000000000,1790000000000000,'changed_by');
CREATE TABLE workload_sample (
    instance_id INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    workload TEXT NOT NULL, -- name: the instance may be gone
    attempt INTEGER NOT NULL,
    tokens_in REAL,
    tokens_out REAL,
    seconds_in REAL,
    seconds_out REAL,
    running REAL,
    waiting REAL,
    slots REAL,
    PRIMARY KEY (instance_id, at_us)
) STRICT, WITHOUT ROWID;
INSERT INTO "workload_sample" VALUES(1,1,'workload',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE workload_sum (
    slot_us INTEGER NOT NULL,
    workload TEXT NOT NULL,
    tokens_in REAL NOT NULL,
    tokens_out REAL NOT NULL,
    seconds_in REAL NOT NULL,
    seconds_out REAL NOT NULL,
    PRIMARY KEY (slot_us, workload)
) STRICT, WITHOUT ROWID;
INSERT INTO "workload_sum" VALUES(1,'workload',1.5,1.5,1.5,1.5);
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
CREATE INDEX piece_instance ON piece (instance_id);
CREATE INDEX model_fetch_source ON model_fetch (source);
CREATE INDEX gateway_usage_hour ON gateway_usage (hour_us);
CREATE INDEX workload_sample_workload ON workload_sample (workload, at_us);
CREATE INDEX workload_sample_at ON workload_sample (at_us);
CREATE INDEX workload_sum_workload ON workload_sum (workload, slot_us);
CREATE INDEX energy_open ON energy (node_id, from_us) WHERE busy IS NULL;
CREATE INDEX energy_at ON energy (to_us);
CREATE INDEX energy_sum_workload ON energy_sum (workload, slot_us);
CREATE INDEX report_copy ON report (received_us) WHERE kind IN ('run_event', 'sample', 'energy', 'memory', 'fetch');
CREATE INDEX bench_state ON bench (state) WHERE state IN ('waiting', 'running');
CREATE INDEX bench_alike ON bench (alike, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('join_request',1);
INSERT INTO "sqlite_sequence" VALUES('run',1);
INSERT INTO "sqlite_sequence" VALUES('drift',1);
INSERT INTO "sqlite_sequence" VALUES('webhook',1);
INSERT INTO "sqlite_sequence" VALUES('webhook_delivery',1);
INSERT INTO "sqlite_sequence" VALUES('event',2);
INSERT INTO "sqlite_sequence" VALUES('workload',1);
INSERT INTO "sqlite_sequence" VALUES('instance',1);
INSERT INTO "sqlite_sequence" VALUES('bench',1);
INSERT INTO "sqlite_sequence" VALUES('build_record',1);
COMMIT;
