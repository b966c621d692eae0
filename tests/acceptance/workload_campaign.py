#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The workload campaign's driver: a controller with a gateway on this machine, nodes that have joined it (workload_campaign.sh has made
them), clients that ask all the time, and kills at random points: of workers, heads, agents, the controller, a node's power, its cable.
What was seen is written down: what each client got (requests), what was killed (kills), which pieces ran where (pieces), what was promised
(promised), what is left in the end (left), the last controller's own counters (counters). workload_campaign_check.py reads it.

    workload_campaign.py --build DIR --node-tool FILE --cgroup DIR --address HOST:PORT --gateway HOST:PORT --node NAME... [--kills N] [--seed N]"""

import argparse
import glob
import http.client
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from campaign import Controller

CHECKER = pathlib.Path(__file__).with_name("workload_campaign_check.py")
KINDS = ("worker", "head", "agent", "controller", "power")
LONG_S = (36, 50)  # longer than a lease and what the controller waits beyond it
MODELS = ("chat", "chat", "chat", "spread", "spread", "tight", "nobody")
LOOK_S = 0.2
PATIENCE_S = 100  # the gateway's queue is 30 s, a node without power is noticed within 30 s
SLICES = ("*/system.slice", "*/payload/system.slice")  # of a node, as it is seen from here


def end(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Record:
    """Lines of JSON, for several threads."""

    def __init__(self, name):
        self.file, self.lock = open(name, "a", encoding="utf-8"), threading.Lock()

    def put(self, **line):
        with self.lock:
            print(json.dumps(line), file=self.file, flush=True)


class Client(threading.Thread):
    """Asks one request after the other and writes down how each ended as the client sees it: answer, error (a status and a code), told (a
    stream that ends with an error), cut (the connection has ended before the answer), unreached, left (by the client), silent."""

    def __init__(self, campaign, number):
        super().__init__(daemon=True)
        self.campaign, self.number, self.sent = campaign, number, 0
        self.random = random.Random(f"{campaign.options.seed} {number}")
        self.connection, self.opened = None, 0.0

    def body(self):
        ask = {"model": self.random.choice(MODELS), "messages": [{"role": "user", "content": "Name the alphabet."}], "temperature": 0}
        ask.update(stream=self.random.random() < 0.6, max_tokens=self.random.choice((4, 8, 40, 400)), logit_bias={"2": -100})
        return ask

    def connect(self):
        if self.connection is None:
            host, port = self.campaign.options.gateway.rsplit(":", 1)
            connection, self.opened = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S), time.time()
            connection.connect()
            self.connection = connection

    def drop(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def events(self, answer, leaves):
        """What a stream ends with, its text."""
        text = ""
        for line in answer:
            if not line.startswith(b"data: "):
                continue
            if line.strip() == b"data: [DONE]":
                answer.read()
                return "answer", text
            event = json.loads(line[6:])
            if "error" in event:
                return "told", event["error"]["code"]
            for choice in event.get("choices", ()):
                text += choice["delta"].get("content") or ""
            if leaves and text:
                return "left", text
        return "cut", text

    def ask(self, ask):
        """(end, status, code or text)"""
        leaves = ask["stream"] and self.random.random() < 0.05
        try:
            self.connect()
        except OSError:
            self.drop()
            return "unreached", 0, ""
        try:
            headers = {"Authorization": f"Bearer {self.campaign.key}", "Content-Type": "application/json"}
            self.connection.request("POST", "/v1/chat/completions", json.dumps(ask), headers)
            answer = self.connection.getresponse()
            if answer.status == 200 and ask["stream"]:
                end, text = self.events(answer, leaves)
                if end != "answer":
                    self.drop()
                return end, 200, text
            data = json.loads(answer.read())
            if answer.status == 200:
                return "answer", 200, data["choices"][0]["message"]["content"]
            return "error", answer.status, data["error"]["code"]
        except TimeoutError:
            self.drop()
            return "silent", 0, ""
        except (OSError, http.client.HTTPException, ValueError) as broken:
            self.drop()
            return "cut", 0, repr(broken)

    def ask_once(self, ask):
        self.sent += 1
        began = time.time()
        end, status, text = self.ask(ask)
        line = {"id": f"{self.number}.{self.sent}", "model": ask["model"], "stream": ask["stream"], "opened": self.opened}
        line.update(began=began, ended=time.time())
        right = end != "answer" or self.campaign.is_right(text)
        self.campaign.requests.put(**line, end=end, status=status, text=text[-80:] if end == "answer" else text, right=right)
        return end, text

    def run(self):
        while not self.campaign.is_over:
            end, _ = self.ask_once(self.body())
            if end != "answer":
                time.sleep(self.random.uniform(0.05, 0.3))
        self.drop()


class Campaign:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.controller = Controller(options.build, options.address, False, ["--gateway", options.gateway])
        account = pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "roost/controller.json"
        self.account = json.loads(account.read_text())
        self.tls = ssl.create_default_context(cafile=f"{account}.ca.pem")
        self.requests, self.kills = Record("requests"), Record("kills")
        self.pieces, self.promised = Record("pieces"), Record("promised")
        self.running = {}  # piece: node and processes, as the sampler saw it last
        self.key, self.words = None, ""
        self.is_over = self.looks_over = False
        self.down = {}  # node: when it comes back, and how
        self.drained = {}  # node: until when
        self.kinds, self.owed = [], []

    # --- asking ---

    def get(self, path):
        request = urllib.request.Request(f"https://{self.options.address}{path}")
        request.add_header("Authorization", f"Bearer {self.account['token']}")
        try:
            with urllib.request.urlopen(request, timeout=5, context=self.tls) as answer:
                return answer.read().decode()
        except (OSError, urllib.error.HTTPError):
            return None

    def workloads(self):
        text = self.get("/api/v1/workloads")
        return json.loads(text)["items"] if text else []

    def until(self, what, condition, seconds):
        deadline = time.monotonic() + seconds * max(1, os.getloadavg()[0] / os.cpu_count())
        while not condition():
            if time.monotonic() > deadline:
                self.explain()
                sys.exit(f"campaign: {what}: not within {seconds} s (seed {self.options.seed})")
            self.come_back()
            time.sleep(0.1)

    def explain(self):
        for workload in self.workloads():
            for one in workload["instances"]:
                print(f"{workload['name']}.{one['replica']} attempt {one['attempt']}: {one['state']}: {one['sentence']} {one['nodes']}")
        print(json.dumps({piece: node for piece, (node, _) in self.running.items()}))
        for name in self.options.node:
            print(self.on(name, "echo == $(hostname); systemctl --no-pager --plain --no-legend list-units --all 'roost-*'; "
                          "journalctl -u roost-agent -n 15 -o short-precise --no-pager", check=False))

    def on(self, name, command, check=True):
        result = subprocess.run([self.options.node_tool, "exec", name, "sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if check and result.returncode != 0:
            sys.exit(f"campaign: on {name}: {command}: {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout

    def tell(self, *words):
        subprocess.run([self.options.node_tool, *words], check=True, stdout=subprocess.DEVNULL)

    def serves(self):
        workloads = {one["name"]: one["state"] for one in self.workloads()}
        return bool(workloads) and all(state == "serving" for state in workloads.values()) and not self.down and not self.drained

    def is_right(self, text):
        return text != "" and (self.words == "" or self.words.startswith(text))

    # --- looking ---

    def processes(self, unit):
        """Units that have some: name, node, process ids here."""
        for slices in SLICES:
            for folder in glob.glob(f"{self.options.cgroup}/{slices}/{unit}"):
                try:
                    pids = pathlib.Path(folder, "cgroup.procs").read_text().split()
                except OSError:
                    continue  # it has just ended
                if pids:
                    yield os.path.basename(folder), os.path.relpath(folder, self.options.cgroup).split("/")[0], sorted(map(int, pids))

    def look_pieces(self):
        """All nodes at once, as their cgroups are here: which pieces have processes."""
        before = None
        while not self.looks_over:
            began, found = time.time(), {}
            for unit, node, pids in self.processes("roost-piece-*.service"):
                found[unit[len("roost-piece-") : -len(".service")]] = (node, pids)
            self.running = found
            shown = sorted((piece, node) for piece, (node, _) in found.items())
            if shown != before:
                self.pieces.put(began=began, ended=time.time(), pieces=shown)
            before = shown
            time.sleep(LOOK_S)

    def look_promised(self):
        """What the store says was promised, and what the nodes have."""
        before = None
        while not self.looks_over:
            try:
                store = sqlite3.connect("file:controller/store/store.db?mode=ro", uri=True, timeout=5)
                with store:
                    rows = store.execute("SELECT n.name, p.name, p.host + p.gpu FROM piece p JOIN node n ON n.id = p.node_id "
                                         "WHERE COALESCE(p.state, '') <> 'gone' ORDER BY 1, 2").fetchall()
                    have = {name: json.loads(body)["memory_total"] for name, body in
                            store.execute("SELECT n.name, m.body FROM node_memory m JOIN node n ON n.id = m.node_id")}
                store.close()
            except sqlite3.Error as error:
                self.promised.put(at=time.time(), error=str(error))
            else:
                if (rows, have) != before:
                    self.promised.put(at=time.time(), promised=rows, have=have)
                before = (rows, have)
            time.sleep(LOOK_S)

    # --- killing ---

    def kill_piece(self, role):
        pieces = sorted(piece for piece in self.running if role in piece.rsplit(".", 1)[1])
        if not pieces:
            return None
        piece = self.random.choice(pieces)
        node, pids = self.running[piece]
        end(pids)
        return f"{piece} on {node}"

    def kill_agent(self):
        name, whom = self.random.choice(self.options.node), self.random.choice(("main", "all"))
        for _, node, pids in self.processes("roost-agent.service"):
            if node == name:
                end(pids if whom == "all" else pids[:1])
                return f"{name}, {whom}"
        return None

    def kill_controller(self):
        at = time.time()
        self.controller.kill()
        killed, pause = time.time(), self.random.choice((0, 0, self.random.uniform(0, 2)))
        time.sleep(pause)
        self.controller.start()
        self.until("the controller is back", lambda: self.get("/health") is not None and self.is_gateway_up(), 30)
        return {"killed_from": at, "killed": killed, "back": time.time()}

    def is_gateway_up(self):
        try:
            with urllib.request.urlopen(f"http://{self.options.gateway}/health", timeout=5):
                return True
        except OSError:
            return False

    def cut_off(self, kind):
        """The power, or the cable; one node at a time. It comes back while others are killed."""
        if self.down:
            return None
        name = self.random.choice(self.options.node)
        is_long = self.options.long and self.random.random() < 0.15
        pause = self.random.uniform(*LONG_S) if is_long else self.random.uniform(0, 3)
        self.tell("kill" if kind == "power" else "cut", name)
        self.down[name] = (time.monotonic() + pause, kind)
        return f"{name} for {pause:.1f} s"

    def drain(self):
        """What serves there starts elsewhere first; the others are killed meanwhile."""
        if self.drained:
            return None
        name, pause = self.random.choice(self.options.node), self.random.uniform(2, 8)
        if not self.controller.run("nodes", "drain", name, check=False):
            return None
        self.drained[name] = time.monotonic() + pause
        return f"{name} for {pause:.1f} s"

    def come_back(self):
        for name, due in list(self.drained.items()):
            if time.monotonic() >= due and self.controller.run("nodes", "undrain", name, check=False):
                del self.drained[name]
        for name, (due, kind) in list(self.down.items()):
            if time.monotonic() >= due:
                self.tell("boot" if kind == "power" else "heal", name)
                if kind == "power":
                    self.tell("wait", name)
                del self.down[name]

    def kill(self):
        if not self.kinds:
            self.kinds, self.owed = [*KINDS, *(["cable", "drain"] if self.options.long else []), *self.owed], []
            self.random.shuffle(self.kinds)
        kind = self.kinds.pop()
        began = time.time()
        if kind in ("worker", "head"):
            what = self.kill_piece(kind)
        elif kind == "controller":
            what = self.kill_controller()
        elif kind == "agent":
            what = self.kill_agent()
        elif kind == "drain":
            what = self.drain()
        else:
            what = self.cut_off(kind)
        if what is None:  # there is no such piece just now, or a node is away
            self.owed.append(kind)
            return False
        self.kills.put(at=began, kind=kind, what=what)
        return True

    # --- from beginning to end ---

    def first_words(self):
        """What the model says, from before anything is killed."""
        client = Client(self, 0)
        said = []

        def says():
            end, text = client.ask_once({**client.body(), "model": "chat", "stream": False, "max_tokens": 400})
            said.append(text)
            return end == "answer"

        self.until("an answer", says, 30)
        client.drop()
        self.words = said[-1]
        if not self.words.strip().startswith("alpha bravo"):
            sys.exit(f"campaign: the model says other words: {self.words[:80]}")

    def calm(self):
        """Everything serves again, and every request is answered: the last controller's counters are all its requests."""
        self.until("everything serves again", self.serves, 120)
        time.sleep(self.options.calm)
        self.is_over = True
        for client in self.clients:
            client.join(PATIENCE_S + 10)

        def counted():
            text = self.get("/metrics") or ""
            pathlib.Path("counters").write_text(text, encoding="utf-8")
            under_way = re.findall(r"^roost_gateway_(?:running|waiting)\{.*\} (\d+)$", text, re.M)
            return len(under_way) > 0 and set(under_way) == {"0"}

        self.until("the gateway has no request left", counted, 10)

    def stop_all(self):
        for name in ("chat", "spread", "tight"):
            self.until(f"{name} is stopped", lambda name=name: self.controller.run("stop", name, check=False), 20)
        self.until("everything has stopped", lambda: {one["state"] for one in self.workloads()} == {"stopped"} and not self.running, 40)
        look = ("systemctl list-units --all --plain --no-legend 'roost-piece-*' 'roost-lease*'; "
                "ls -d /run/systemd/system/roost-piece-* /run/roost-pieces/* 2>/dev/null; nft list ruleset | grep -A99 'table inet roost'; "
                "ss -Hltn | grep -E ':(8[1-9][0-9]{2}|281[0-9]{2}|50[0-9]{3}) '; pgrep -l 'llama|rpc-server'; true")
        left = {}

        def is_clean():
            left.update({name: self.on(name, look) for name in self.options.node})
            return not any(left.values())

        deadline = time.monotonic() + 10
        while not is_clean() and time.monotonic() < deadline:
            time.sleep(0.2)
        pathlib.Path("left").write_text(json.dumps(left), encoding="utf-8")

    def run(self):
        self.controller.start()
        self.until("the controller serves", lambda: self.get("/health") is not None and self.is_gateway_up(), 30)
        self.kills.put(at=time.time(), kind="begin", what={"killed_from": 0, "killed": 0, "back": time.time()})
        self.controller.run("keys", "add", "campaign")
        self.key = self.controller.said.split()[0]
        for look in (self.look_pieces, self.look_promised):
            threading.Thread(target=look, daemon=True).start()
        for name in ("chat", "spread", "tight"):
            self.controller.run("launch", name, "--folder", "inventory/workloads")
        self.until("everything serves at first", self.serves, 60)
        self.first_words()
        self.clients = [Client(self, number + 1) for number in range(self.options.clients)]
        for client in self.clients:
            client.start()
        done, began = 0, time.monotonic()
        while done < self.options.kills:
            time.sleep(self.random.uniform(0, self.options.pause))
            self.come_back()
            if not self.kill():
                continue
            done += 1
            if done % 25 == 0 and done < self.options.kills:
                self.until("everything serves again meanwhile", self.serves, 120)
        killed = time.monotonic()
        self.calm()
        print(f"-- {done} kills in {killed - began:.0f} s, all serves again {time.monotonic() - killed - self.options.calm:.0f} s later", flush=True)
        self.stop_all()
        self.looks_over = True
        time.sleep(3 * LOOK_S)
        self.controller.process.terminate()
        self.controller.process.wait()
        return subprocess.run([sys.executable, "-B", str(CHECKER), "."], check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--node-tool", required=True)
    parser.add_argument("--cgroup", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--node", action="append", required=True)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--pause", type=float, default=2, help="seconds between two kills, at most")
    parser.add_argument("--calm", type=float, default=1, help="seconds of load after all serves again")
    parser.add_argument("--long", action="store_true", help="nodes may stay away for longer than leases; cables are cut and nodes drained too")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    code = Campaign(options).run()
    if code != 0:
        sys.exit(f"campaign: the history does not hold (seed {options.seed})")


if __name__ == "__main__":
    main()
