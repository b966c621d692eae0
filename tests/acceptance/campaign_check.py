#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what a fault campaign has left and proves its history: nothing that a node has put into its spool is lost, changed or
doubled at the controller, no log has a gap, what was acknowledged once stays, every node has come to rest.

    campaign_check.py --store STORE.DB --kept FOLDER [--seen FILE] [--node NAME...]
    campaign_check.py --selftest

KEPT/NAME/reports.* are a node's spool segments, kept beyond their acknowledgement. SEEN has a JSON object a line: {"node",
"reported"} as the controller's API told, {"node", "spooled"} when all up to that number were seen to be told, or {"restored": true}
when it was brought back from a backup. What is in a spool beyond that may be on its way still."""

import argparse
import hashlib
import json
import pathlib
import sqlite3
import sys
import tempfile

SUM_LENGTH = 16  # a spool line: check sum, blank, JSON


def digest(kind, at_us, body):
    text = json.dumps([kind, at_us, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def spooled(folder):
    """{sequence: (digest, record)} of a node's kept segments; a torn last line never existed."""
    records = {}
    for path in sorted(folder.glob("reports.*")):
        for line in path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
            record = json.loads(line[SUM_LENGTH + 1 :])
            records[record["sequence"]] = (digest(record["kind"], record["at_us"], record["body"]), record)
    return records


def gapless(numbers, first=1):
    """What is missing of first, first + 1, ... up to the last."""
    present = set(numbers)
    return [n for n in range(first, max(present, default=first - 1) + 1) if n not in present]


def shown(numbers):
    numbers = list(numbers)
    return ", ".join(map(str, numbers[:8])) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")


class Checker:
    def __init__(self, store, kept, seen=(), nodes=()):
        self.db, self.kept, self.seen, self.nodes = store, kept, list(seen), list(nodes)
        self.told = {line["node"]: line["spooled"] for line in self.seen if "spooled" in line}
        self.findings = []
        self.counts = {}

    def find(self, text):
        self.findings.append(text)

    def count(self, what, number):
        self.counts[what] = self.counts.get(what, 0) + number

    def rows(self, query, *values):
        return self.db.execute(query, values).fetchall()

    def check(self):
        for (text,) in self.rows("PRAGMA integrity_check"):
            if text != "ok":
                self.find(f"the database is damaged: {text}")
        restored = any("restored" in line for line in self.seen)
        for node_id, name, generation, reported in self.rows("SELECT id, name, generation, reported FROM node ORDER BY name"):
            self.check_reports(node_id, name, generation, reported, restored)
            self.check_runs(node_id, name, generation)
        self.check_run_events()
        self.check_logs()
        self.check_seen()
        self.check_rest()
        return self.findings

    # --- reports ---

    def check_reports(self, node_id, name, generation, reported, restored):
        rows = self.rows(
            "SELECT sequence, kind, at_us, body FROM report WHERE node_id = ? AND generation = ? ORDER BY sequence", node_id, generation
        )
        have = {sequence: (digest(kind, at_us, json.loads(body)), kind) for sequence, kind, at_us, body in rows}
        excused = set()
        for sequence, kind, _, body in rows:
            if kind == "gap":
                told = json.loads(body)
                excused.update(range(told["from"], told["to"] + 1))
                if not restored:
                    self.find(f"{name}: report {sequence} tells of a gap, and nothing was restored")
                if told["to"] != sequence:
                    self.find(f"{name}: report {sequence} tells of a gap up to {told['to']}")
        missing = [n for n in gapless(have) if n not in excused]
        if missing:
            self.find(f"{name}: gap: reports {shown(missing)} are missing at the controller")
        if rows and reported != rows[-1][0]:
            self.find(f"{name}: the node's row says {reported} reports, the last one is {rows[-1][0]}")
        self.count("reports", len(rows))
        if self.kept is None:
            return
        mine = spooled(self.kept / name)
        lost = [n for n in mine if n not in have and n not in excused and n <= max(reported, self.told.get(name, 0))]
        if lost:
            self.find(f"{name}: lost: reports {shown(lost)} were in the node's spool, not at the controller")
        changed = [n for n in mine if n in have and n not in excused and mine[n][0] != have[n][0]]
        if changed:
            self.find(f"{name}: changed: reports {shown(changed)} differ from what the node has put into its spool")
        strange = [n for n in have if n not in mine and have[n][1] != "gap"]
        if strange:
            self.find(f"{name}: reports {shown(strange)} were never in the node's spool")
        self.count("spooled", len(mine))

    # --- runs: each event of a report, once and in order ---

    def check_runs(self, node_id, name, generation):
        told, begun = {}, set()
        for kind, body in self.rows(
            "SELECT kind, body FROM report WHERE node_id = ? AND generation = ? AND kind IN ('run_start', 'run_event') ORDER BY sequence",
            node_id, generation,
        ):
            body = json.loads(body)
            key = f"{node_id}/{generation}/{body.get('run')}"
            if kind == "run_start":
                begun.add(key)
                told.setdefault(key, [])
            elif key in begun and body.get("event", {}).get("event"):
                told[key].append(json.dumps(body["event"], sort_keys=True))
        for key, events in told.items():
            have = [
                json.dumps(json.loads(body), sort_keys=True)
                for (body,) in self.rows("SELECT e.body FROM run_event e JOIN run r ON r.id = e.run_id WHERE r.key = ? ORDER BY e.sequence", key)
            ]
            if have == events:
                continue
            if len(have) > len(events):
                self.find(f"{name}: doubled: run {key} has {len(have)} events, its reports tell of {len(events)}")
            elif len(have) < len(events):
                self.find(f"{name}: lost: run {key} has {len(have)} events, its reports tell of {len(events)}")
            else:
                self.find(f"{name}: run {key} has other events than its reports tell of, or in another order")
        self.count("runs", len(told))

    def check_run_events(self):
        for run_id, low, high, number in self.rows(
            "SELECT run_id, min(sequence), max(sequence), count(*) FROM run_event GROUP BY run_id"
        ):
            if low != 1 or high != number:
                self.find(f"gap: the events of run {run_id} are {number}, numbered {low} to {high}")
            self.count("run events", number)

    # --- logs ---

    def check_logs(self):
        for table in ("event", "audit"):
            if not self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table):
                continue
            numbers = [n for (n,) in self.rows(f"SELECT id FROM {table} ORDER BY id")]
            missing = gapless(numbers)
            if missing:
                self.find(f"gap: the log {table} lacks {shown(missing)}")
            self.count(f"rows of {table}", len(numbers))
        before = None
        for number, previous, own in self.rows("SELECT id, previous, hash FROM audit ORDER BY id"):
            if before is not None and previous != before:
                self.find(f"audit: row {number} does not follow the one before")
            before = own

    # --- what was told once stays ---

    def check_seen(self):
        highest = {}
        for line in self.seen:
            if "spooled" in line:
                continue
            if "restored" in line:
                highest.clear()
            elif line["reported"] < highest.get(line["node"], 0):
                self.find(f"{line['node']}: {highest[line['node']]} reports were acknowledged, later only {line['reported']}")
            else:
                highest[line["node"]] = line["reported"]
        final = dict(self.rows("SELECT name, reported FROM node"))
        for name, number in highest.items():
            if final.get(name, 0) < number:
                self.find(f"{name}: {number} reports were acknowledged, the store has {final.get(name, 0)}")
        self.count("acknowledgements seen", len(self.seen))

    def check_rest(self):
        verdicts = dict(self.rows("SELECT name, verdict FROM node"))
        for name in self.nodes:
            if verdicts.get(name) != "ok":
                self.find(f"{name}: it has not come to rest: its verdict is {verdicts.get(name)}")
            open_drift = self.rows(
                "SELECT d.resource FROM drift d JOIN node n ON n.id = d.node_id WHERE n.name = ? AND d.resolved_us = 0", name
            )
            if open_drift:
                self.find(f"{name}: drift is left: {shown(row[0] for row in open_drift)}")


# --- the checker's own test ---

SCHEMA = """
CREATE TABLE node (id INTEGER PRIMARY KEY, name TEXT, generation INTEGER, reported INTEGER, verdict TEXT);
CREATE TABLE report (node_id INTEGER, generation INTEGER, sequence INTEGER, at_us INTEGER, kind TEXT, body TEXT);
CREATE TABLE run (id INTEGER PRIMARY KEY, key TEXT);
CREATE TABLE run_event (run_id INTEGER, sequence INTEGER, body TEXT);
CREATE TABLE event (id INTEGER PRIMARY KEY);
CREATE TABLE audit (id INTEGER PRIMARY KEY, previous TEXT, hash TEXT);
CREATE TABLE drift (node_id INTEGER, resource TEXT, resolved_us INTEGER);
"""


def history(folder):
    """A sound one: two nodes, a run with three events each."""
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    for node_id, name in ((1, "a1"), (2, "a2")):
        records = [("hello", {"agent": "1"}), ("run_start", {"run": "r", "kind": "check"})]
        records += [("run_event", {"run": "r", "event": {"event": "task_result", "task": str(i)}}) for i in range(3)]
        records += [("run_end", {"run": "r", "outcome": "ok"}), ("status", {"verdict": "ok"})]
        (folder / name).mkdir()
        db.execute("INSERT INTO node VALUES (?, ?, 1, ?, 'ok')", (node_id, name, len(records)))
        db.execute("INSERT INTO run VALUES (?, ?)", (node_id, f"{node_id}/1/r"))
        with open(folder / name / "reports.00000000000000000001", "w", encoding="utf-8") as spool:
            for number, (kind, body) in enumerate(records, 1):
                record = {"sequence": number, "at_us": 1000 + number, "kind": kind, "body": body}
                spool.write("0" * SUM_LENGTH + " " + json.dumps(record) + "\n")
                db.execute("INSERT INTO report VALUES (?, 1, ?, ?, ?, ?)", (node_id, number, 1000 + number, kind, json.dumps(body)))
            spool.write("0123456789abcdef {torn")
        for number in range(3):
            event = {"event": "task_result", "task": str(number)}
            db.execute("INSERT INTO run_event VALUES (?, ?, ?)", (node_id, number + 1, json.dumps(event)))
    for number in range(1, 6):
        db.execute("INSERT INTO event VALUES (?)", (number,))
        db.execute("INSERT INTO audit VALUES (?, ?, ?)", (number, f"h{number - 1}", f"h{number}"))
    return db


# What is planted, and words of the finding that it must bring.
PLANTED = [
    ("a report in the middle is lost", "DELETE FROM report WHERE node_id = 1 AND sequence = 1", "a1: gap: reports 1 "),
    ("the last report is lost", "DELETE FROM report WHERE node_id = 1 AND sequence = 7; UPDATE node SET reported = 6 WHERE id = 1", "a1: lost: reports 7 "),
    ("a report is another", "UPDATE report SET body = '{\"agent\": \"2\"}' WHERE node_id = 2 AND sequence = 1", "a2: changed: reports 1 "),
    ("a report of nobody", "INSERT INTO report VALUES (1, 1, 8, 1, 'note', '{}'); UPDATE node SET reported = 8 WHERE id = 1", "a1: reports 8 were never"),
    ("an event is taken twice", "INSERT INTO run_event SELECT run_id, 4, body FROM run_event WHERE run_id = 1 AND sequence = 3", "a1: doubled: run 1/1/r has 4"),
    ("an event of a run is lost", "DELETE FROM run_event WHERE run_id = 2 AND sequence = 3", "a2: lost: run 2/1/r has 2"),
    ("events of a run change places", "UPDATE run_event SET sequence = 9 - sequence * 3 WHERE run_id = 2 AND sequence IN (1, 2)", "a2: run 2/1/r has other events"),
    ("a run's numbers have a gap", "UPDATE run_event SET sequence = 4 WHERE run_id = 1 AND sequence = 3", "gap: the events of run 1 "),
    ("the fleet's log has a gap", "DELETE FROM event WHERE id = 3", "gap: the log event lacks 3"),
    ("the audit log has a gap", "DELETE FROM audit WHERE id = 3", "gap: the log audit lacks 3"),
    ("the audit log is mended by hand", "UPDATE audit SET hash = 'x' WHERE id = 3", "audit: row 4 does not follow"),
    ("a gap that nobody restored", "UPDATE report SET kind = 'gap', body = '{\"from\": 1, \"to\": 1}' WHERE node_id = 1 AND sequence = 1", "a1: report 1 tells of a gap"),
    ("a node that did not come to rest", "UPDATE node SET verdict = 'drift' WHERE id = 2", "a2: it has not come to rest"),
    ("drift that is left", "INSERT INTO drift VALUES (1, 'copy /etc/motd', 0)", "a1: drift is left: copy /etc/motd"),
]


def selftest():
    sound_seen = [{"node": "a1", "reported": 3}, {"node": "a1", "reported": 7}, {"node": "a1", "spooled": 7}]
    failures = []

    def run(what, sql, seen, expected):
        with tempfile.TemporaryDirectory() as folder:
            db = history(pathlib.Path(folder))
            db.executescript(sql)
            findings = Checker(db, pathlib.Path(folder), seen, ["a1", "a2"]).check()
            if (expected is None) != (not findings) or (expected and not any(expected in finding for finding in findings)):
                failures.append(f"{what}: expected {expected!r}, found {findings}")

    run("a sound history", "", sound_seen, None)
    for what, sql, expected in PLANTED:
        run(what, sql, sound_seen, expected)
    run("fewer than were acknowledged", "", [{"node": "a1", "reported": 9}], "a1: 9 reports were acknowledged, the store has 7")
    run("a number goes back", "", sound_seen[::-1], "a1: 7 reports were acknowledged, later only 3")
    run(
        "the last one is on its way",
        "DELETE FROM report WHERE node_id = 1 AND sequence = 7; UPDATE node SET reported = 6 WHERE id = 1",
        [{"node": "a1", "reported": 6}],
        None,
    )
    run("it may after a restore", "", [sound_seen[1], {"restored": True}, sound_seen[0]], None)
    run(
        "a gap after a restore",
        "DELETE FROM report WHERE node_id = 1 AND sequence = 6; UPDATE report SET kind = 'gap', body = '{\"from\": 6, \"to\": 7}' "
        "WHERE node_id = 1 AND sequence = 7",
        [{"restored": True}],
        None,
    )
    print("\n".join(failures) or f"{len(PLANTED) + 6} histories: each planted fault is found, the sound ones are")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store")
    parser.add_argument("--kept", type=pathlib.Path)
    parser.add_argument("--seen", type=pathlib.Path)
    parser.add_argument("--node", action="append", default=[])
    parser.add_argument("--selftest", action="store_true")
    options = parser.parse_args()
    if options.selftest:
        return selftest()
    seen = [json.loads(line) for line in options.seen.read_text(encoding="utf-8").splitlines()] if options.seen else []
    checker = Checker(sqlite3.connect(f"file:{options.store}?mode=ro", uri=True), options.kept, seen, options.node)
    findings = checker.check()
    print(", ".join(f"{number} {what}" for what, number in checker.counts.items()))
    for finding in findings:
        print(f"FINDING: {finding}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
