-- SPDX-License-Identifier: Apache-2.0
-- Step 2: what happened in the fleet, bundles, runs from the centre.

-- One log of what happened, for those who follow it. Numbers are gapless; old rows are forgotten from the front.
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL, -- "node.lost"
    node_id INTEGER NOT NULL DEFAULT 0, -- 0: none; stays when the node is forgotten
    node TEXT, -- its name then
    run_id INTEGER NOT NULL DEFAULT 0,
    body TEXT -- JSON, or NULL
) STRICT;
CREATE INDEX event_at ON event (at_us);

-- A node that was not seen for a while: since when that is known; 0: it is not lost.
ALTER TABLE node ADD COLUMN lost_us INTEGER NOT NULL DEFAULT 0;

-- What a node does about drift by itself, as it last told: "report", "repair", "window".
ALTER TABLE node ADD COLUMN policy TEXT;

-- What a node is to be: the signed manifest that it pulls.
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

-- What a node may fetch: the files of its manifest.
CREATE TABLE bundle_file (
    node_id INTEGER NOT NULL REFERENCES bundle (node_id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (node_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX bundle_file_sha256 ON bundle_file (sha256);

-- Reports that were taken over into other tables as a whole: the first to go.
CREATE INDEX report_copy ON report (received_us) WHERE kind IN ('run_event', 'sample');

-- Runs from the centre.
ALTER TABLE run ADD COLUMN again_of INTEGER NOT NULL DEFAULT 0; -- the run whose failed hosts this one takes up
ALTER TABLE run ADD COLUMN exit_code INTEGER; -- of roost apply; NULL: it has not ended, or there is none
CREATE TABLE run_file (
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_file_sha256 ON run_file (sha256);
