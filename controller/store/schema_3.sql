-- SPDX-License-Identifier: Apache-2.0
-- Step 3: workloads, what they took, the gateway, energy, benchmarks, rebuilds.

-- What is declared, and what is wanted of it.
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

-- One replica of a workload, or one run of a batch one.
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

-- A piece that a node is to run. Stays until the node has said that it is gone.
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
CREATE INDEX piece_instance ON piece (instance_id);

-- What a node was told to run, as a whole; the number grows with each change.
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

-- Engines on nodes, their memory now, as they last told.
CREATE TABLE node_engine (
    node_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    build TEXT NOT NULL,
    path TEXT NOT NULL,
    detail TEXT, -- JSON
    PRIMARY KEY (node_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE node_memory (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    at_us INTEGER NOT NULL,
    body TEXT NOT NULL -- JSON
) STRICT;

-- What a model is, as its GGUF header says: by the digest of its first file, or by its source while nobody has it.
CREATE TABLE model_shape (
    key TEXT PRIMARY KEY, -- digest, or source
    bytes INTEGER NOT NULL,
    shape TEXT NOT NULL, -- JSON
    at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was measured at most.
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

-- Models that are to be on nodes, as the nodes last told.
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
CREATE INDEX model_fetch_source ON model_fetch (source);
-- What each node was told of models last: a digest of it.
CREATE TABLE model_told (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    digest TEXT NOT NULL
) STRICT;

-- The gateway's keys, and what was used with them.
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
CREATE INDEX gateway_usage_hour ON gateway_usage (hour_us);

-- Figures of engines over time: counters as they were read, of one life of the engine (attempt).
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
CREATE INDEX workload_sample_workload ON workload_sample (workload, at_us);
CREATE INDEX workload_sample_at ON workload_sample (at_us);

-- How they grew, in slots of five minutes; below 0: of a day, -1 - its begin; slot 0: since ever.
CREATE TABLE workload_sum (
    slot_us INTEGER NOT NULL,
    workload TEXT NOT NULL,
    tokens_in REAL NOT NULL,
    tokens_out REAL NOT NULL,
    seconds_in REAL NOT NULL,
    seconds_out REAL NOT NULL,
    PRIMARY KEY (slot_us, workload)
) STRICT, WITHOUT ROWID;
CREATE INDEX workload_sum_workload ON workload_sum (workload, slot_us);

-- Energy of a node as it told: one row for each stretch of time, without gaps while it is measured.
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
CREATE INDEX energy_open ON energy (node_id, from_us) WHERE busy IS NULL;
CREATE INDEX energy_at ON energy (to_us);

-- The same shared out, in slots of five minutes; joules. Days and slot 0 as above.
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
CREATE INDEX energy_sum_workload ON energy_sum (workload, slot_us);

-- What a node takes without work, as last found out.
CREATE TABLE energy_idle (
    node_id INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
    watts REAL, -- NULL: too little was seen
    seen INTEGER NOT NULL, -- figures that it is made of
    at_us INTEGER NOT NULL
) STRICT;

-- Reports whose content is kept elsewhere too.
DROP INDEX report_copy;
CREATE INDEX report_copy ON report (received_us) WHERE kind IN ('run_event', 'sample', 'energy', 'memory', 'fetch');

-- What operators set for the whole controller.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL, -- JSON
    changed_us INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Benchmarks: what was run, with what, what came out.
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
CREATE INDEX bench_state ON bench (state) WHERE state IN ('waiting', 'running');
CREATE INDEX bench_alike ON bench (alike, id);

-- Signed records of what was built.
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
