#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what the workload campaign (workload_campaign.py) has written down, and the controller's store, and says what does not hold:

- every request has an end that its client was told of; a connection that was cut counts only when the controller was killed meanwhile;
- what was answered is what the model says;
- the gateway's books (gateway_usage) have every request once, but for those of the last moments before a kill, and the counters of the last
  controller are its clients' requests exactly;
- no node was ever promised more memory than it has, less what stays free;
- never two heads of one replica, whatever their attempt, wherever, but for the one that starts beside another whose node was drained just now;
- in the end no unit, port, nftables rule, process or row of a piece is left.

    workload_campaign_check.py FOLDER | --selftest"""

import json
import pathlib
import re
import sqlite3
import sys

FLUSH_S = 4  # the books are written every second or so
SLACK_S = 0.3
RESERVE = 4 << 30  # as in controller/planner/plan_room.c
RESERVE_SHARE = 8
BESIDE = 64  # as in controller/store/store_instance.h
DRAIN_S = 40  # so long after a node was drained there may be one more head


class Checker:
    def __init__(self, history):
        """requests, kills, pieces, promised: lists; left: {node: text}; counters: text; books: rows of gateway_usage; rows: of pieces."""
        self.history = history
        self.findings = []
        self.lives = [line["what"] for line in history["kills"] if isinstance(line["what"], dict)]
        self.counts = {}

    def find(self, text):
        self.findings.append(text)

    def check(self):
        self.check_requests()
        self.check_books()
        self.check_counters()
        self.check_promised()
        self.check_heads()
        self.check_left()
        return self.findings

    # --- requests ---

    def away(self, began, ended):
        """The controller was killed, or was not up, within that time."""
        return any(life["killed_from"] - SLACK_S <= ended and began <= life["back"] + SLACK_S for life in self.lives)

    def killed(self, began, ended):
        """A connection that was open then is gone."""
        return any(life["killed_from"] - SLACK_S <= ended and began <= life["killed"] + SLACK_S for life in self.lives)

    def check_requests(self):
        ids = set()
        for line in self.history["requests"]:
            what = f"request {line['id']} to {line['model']} ({line['ended'] - line['began']:.1f} s)"
            self.counts[line["end"]] = self.counts.get(line["end"], 0) + 1
            if line["id"] in ids:
                self.find(f"{what} is there twice")
            ids.add(line["id"])
            if line["end"] == "cut" and not self.killed(line["opened"], line["ended"]):
                self.find(f"{what} was lost and not reported: {line['text']}")
            elif line["end"] == "unreached" and not self.away(line["began"], line["ended"]):
                self.find(f"{what}: the gateway was not reached, and nobody had killed it")
            elif line["end"] == "silent":
                self.find(f"{what} had no answer at all")
            elif line["status"] == 404 and line["model"] != "nobody":
                self.find(f"{what}: it was told that there is no such model: {line['text']}")
            elif line["end"] in ("error", "told") and not line["text"]:
                self.find(f"{what} has ended with an error without a code")
            elif not line["right"]:
                self.find(f"{what} was answered with wrong words: ...{line['text']}")
        if not self.counts.get("answer"):
            self.find("no request was answered: nothing was tested")

    # --- the gateway's own books ---

    def bounds(self, ends):
        """At least and at most so many that ended so must be in the books."""
        mine = [line for line in self.history["requests"] if line["end"] in ends]
        sure = [line for line in mine if not any(line["ended"] - SLACK_S <= life["killed"] <= line["ended"] + FLUSH_S for life in self.lives)]
        open_ended = sum(line["end"] in ("cut", "left", "silent") for line in self.history["requests"] if line["end"] not in ends)
        return len(sure), len(mine) + open_ended

    def check_books(self):
        books = {"done": 0, "told": 0, "cancelled": 0}
        for requests, failed, cancelled, refused in self.history["books"]:
            books["done"] += requests - failed - cancelled - refused
            books["told"] += failed + refused
            books["cancelled"] += cancelled
        for kind, ends in (("done", ("answer",)), ("told", ("error", "told"))):
            least, most = self.bounds(ends)
            if not least <= books[kind] <= most:
                self.find(f"the gateway's books have {books[kind]} requests {kind}, its clients {least} to {most}")
        if books["cancelled"] > self.counts.get("left", 0) + self.counts.get("cut", 0) + self.counts.get("silent", 0):
            self.find(f"the gateway's books have {books['cancelled']} requests that clients left, and that is more than did")
        self.counts["in the books"] = sum(books.values())

    def check_counters(self):
        last = max((life["killed"] for life in self.lives), default=0)
        mine = [line for line in self.history["requests"] if line["opened"] > last and line["end"] != "unreached"]
        counted = {}
        for outcome, number in re.findall(r'^roost_gateway_requests_total\{[^}]*outcome="(\w+)"\} (\d+)$', self.history["counters"], re.M):
            counted[outcome] = counted.get(outcome, 0) + int(number)
        total = sum(counted.values())
        if total != len(mine):
            self.find(f"the last controller has counted {total} requests {counted}, its clients made {len(mine)}")
        told = sum(line["end"] in ("error", "told") for line in mine)
        if counted.get("failed", 0) + counted.get("refused", 0) - told > sum(line["end"] == "left" for line in mine):
            self.find(f"the last controller has counted {counted}, its clients were told of {told} failures")
        self.counts["in the last controller's counters"] = total

    # --- memory ---

    def check_promised(self):
        looks = 0
        for line in self.history["promised"]:
            sums = {}
            if "error" in line:
                continue
            looks += 1
            for node, _, size in line["promised"]:
                sums[node] = sums.get(node, 0) + size
            for node, size in sums.items():
                have = line["have"].get(node, 0)
                room = have - min(RESERVE, have // RESERVE_SHARE)
                if have and size > room:
                    pieces = ", ".join(f"{piece} {size >> 20} MiB" for name, piece, size in line["promised"] if name == node)
                    self.find(f"over-commit on {node} at {line['at']:.1f}: {size >> 20} MiB of {room >> 20} were promised: {pieces}")
        if looks == 0:
            self.find("nobody looked at what was promised")
        self.counts["states of promises"] = looks

    # --- heads ---

    def check_heads(self):
        drains = [line["at"] for line in self.history["kills"] if line["kind"] == "drain"]
        for line in self.history["pieces"]:
            most = 2 if any(at <= line["ended"] and line["began"] < at + DRAIN_S for at in drains) else 1
            heads = {}
            for piece, node in line["pieces"]:
                workload, replica, _, role = piece.split(".", 3)
                if role == "head":
                    heads.setdefault((workload, int(replica) % BESIDE), []).append(f"{piece} on {node}")
            for (workload, replica), who in heads.items():
                if len(who) > most:
                    self.find(f"{'two' if len(who) == 2 else len(who)} heads of {workload}.{replica} at {line['began']:.1f}: {', '.join(who)}")
        if not any(line["pieces"] for line in self.history["pieces"]):
            self.find("no piece was ever seen: nothing was tested")
        self.counts["states of pieces"] = len(self.history["pieces"])

    # --- the end ---

    def check_left(self):
        for node, text in self.history["left"].items():
            if text.strip():
                self.find(f"left behind on {node}: {text.strip()}")
        for node, piece in self.history["rows"]:
            self.find(f"left behind in the store: piece {piece} of {node}")


# --- the checker's own test ---

GIB = 1 << 30


def sound():
    """Two controllers' lives; a request that was cut by the kill between them."""
    def request(number, began, end, **more):
        return {"id": f"1.{number}", "model": "chat", "opened": began, "began": began, "ended": began + 0.5, "end": end, "status": 200, "text": "x", "right": True, **more}

    return {
        "requests": [request(1, 1, "answer"), request(2, 2, "error", status=503), request(3, 10, "cut"), request(4, 11, "unreached"),
                     request(5, 20, "answer"), request(6, 21, "told"), request(7, 22, "left")],
        "kills": [{"at": 0, "kind": "begin", "what": {"killed_from": 0, "killed": 0, "back": 0}}, {"at": 5, "kind": "worker", "what": "w"},
                  {"at": 10.2, "kind": "controller", "what": {"killed_from": 10.2, "killed": 10.2, "back": 12}}],
        "pieces": [{"began": 1, "ended": 1, "pieces": [["chat.0.1.head", "n1"], ["chat.1.1.head", "n2"], ["spread.0.1.worker-1", "n1"]]}],
        "promised": [{"at": 1, "promised": [["n1", "chat.0.1.head", 10 * GIB], ["n1", "spread.0.1.worker-1", 18 * GIB]], "have": {"n1": 32 * GIB}}],
        "left": {"n1": "", "n2": "\n"}, "rows": [],
        "books": [(2, 0, 0, 1), (3, 1, 1, 0)],
        "counters": 'roost_gateway_requests_total{model="chat",outcome="done"} 1\nroost_gateway_requests_total{model="chat",outcome="failed"} 1\n'
                    'roost_gateway_requests_total{model="chat",outcome="cancelled"} 1\n',
    }


def change(history, key, number, **new):
    history[key][number].update(new)


# What is planted, and words of the finding that it must bring.
PLANTED = [
    ("cut while nobody killed the gateway", lambda h: change(h, "requests", 4, end="cut"), "request 1.5 to chat (0.5 s) was lost and not reported"),
    ("not reached, the same", lambda h: change(h, "requests", 4, end="unreached"), "1.5 to chat (0.5 s): the gateway was not reached"),
    ("no answer", lambda h: change(h, "requests", 4, end="silent"), "had no answer at all"),
    ("an error that says nothing", lambda h: change(h, "requests", 1, text=""), "without a code"),
    ("a model that is there", lambda h: change(h, "requests", 1, status=404), "no such model"),
    ("wrong words", lambda h: change(h, "requests", 0, right=False), "wrong words"),
    ("one twice", lambda h: change(h, "requests", 1, id="1.1"), "is there twice"),
    ("the books lack one", lambda h: h["books"].__setitem__(0, (1, 0, 0, 1)), "books have 1 requests done, its clients 2 to"),
    ("the books have more", lambda h: h["books"].append((5, 5, 0, 0)), "books have 7 requests told"),
    ("clients that left", lambda h: h["books"].append((5, 0, 5, 0)), "6 requests that clients left"),
    ("a counter is behind", lambda h: h.update(counters=""), "has counted 0 requests {}, its clients made 3"),
    ("too much is promised", lambda h: change(h, "promised", 0, have={"n1": 31 * GIB}), "over-commit on n1"),
    ("two heads", lambda h: h["pieces"][0]["pieces"].append(["chat.0.2.head", "n3"]), "two heads of chat.0 at 1.0: chat.0.1.head on n1, chat.0.2.head on n3"),
    ("one beside it without a drain", lambda h: h["pieces"][0]["pieces"].append(["chat.64.2.head", "n3"]), "two heads of chat.0 at 1.0"),
    ("one beside it", lambda h: (h["pieces"][0]["pieces"].append(["chat.64.2.head", "n3"]), h["kills"].append({"at": 0.5, "kind": "drain", "what": "n1"})), None),
    ("a third one", lambda h: (h["pieces"][0]["pieces"].extend([["chat.64.2.head", "n3"], ["chat.64.3.head", "n4"]]),
                               h["kills"].append({"at": 0.5, "kind": "drain", "what": "n1"})), "heads of chat.0 at 1.0"),
    ("a rule is left", lambda h: h["left"].update(n1="table inet roost {"), "left behind on n1: table inet roost"),
    ("a row is left", lambda h: h["rows"].append(("n1", "chat.0.1.head")), "left behind in the store: piece chat.0.1.head"),
    ("nothing was seen", lambda h: h.update(pieces=[]), "no piece was ever seen"),
]


def selftest():
    failures = []
    for what, plant, expected in [("a sound history", lambda h: None, None), *PLANTED]:
        history = sound()
        plant(history)
        findings = Checker(history).check()
        if (expected is None) != (not findings) or (expected and not any(expected in finding for finding in findings)):
            failures.append(f"{what}: expected {expected!r}, found {findings}")
    print("\n".join(failures) or f"{len(PLANTED) + 1} histories: each planted fault is found, the sound one is sound")
    return 1 if failures else 0


def read(folder):
    history = {}
    for name in ("requests", "kills", "pieces", "promised"):
        history[name] = [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    history["left"] = json.loads((folder / "left").read_text(encoding="utf-8"))
    history["counters"] = (folder / "counters").read_text(encoding="utf-8")
    store = sqlite3.connect(f"file:{folder}/controller/store/store.db?mode=ro", uri=True)
    history["books"] = store.execute("SELECT u.requests, u.failed, u.cancelled, u.refused FROM gateway_usage u").fetchall()
    history["rows"] = store.execute("SELECT n.name, p.name FROM piece p JOIN node n ON n.id = p.node_id").fetchall()
    return history


def main():
    if sys.argv[1] == "--selftest":
        return selftest()
    checker = Checker(read(pathlib.Path(sys.argv[1])))
    findings = checker.check()
    print(", ".join(f"{number} {what}" for what, number in checker.counts.items()))
    for finding in findings[:40]:
        print(f"FINDING: {finding}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
