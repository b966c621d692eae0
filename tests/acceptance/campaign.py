#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fault campaign's driver: a controller on this machine and agents on a node (campaign.sh has made both), work under way,
and kill -9 of one or the other at random points; or one of the other faults. In the end everything is left alone until every
node has come to rest, and campaign_check.py reads the history.

    campaign.py --build DIR --node-tool FILE --address HOST:PORT --agents N [--kills N] [--seed N] PHASE...
    phases: kills restore cable disk-node disk-controller clock expired"""

import argparse
import json
import os
import pathlib
import random
import shlex
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

CHECKER = pathlib.Path(__file__).with_name("campaign_check.py")
CLOCK = "/srv/clock"  # libfaketime's file on the node
PHASES = ("kills", "restore", "cable", "disk-node", "disk-controller", "clock", "expired")
FILES = ("one", "two", "three", "four")


class Node:
    """A shell on the node that stays open."""

    def __init__(self, tool, name):
        self.tool, self.name = tool, name
        self.shell = subprocess.Popen([tool, "exec", name, "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, command, check=True):
        self.shell.stdin.write(f"{{ {command}\n}} </dev/null 2>&1; code=$?; echo; echo \"== $code\"\n")
        self.shell.stdin.flush()
        lines = []
        for line in self.shell.stdout:
            if line.startswith("== "):
                break
            lines.append(line)
        else:
            sys.exit(f"campaign: the shell on {self.name} is gone")
        code, output = int(line[3:]), "".join(lines)[:-1]
        if check and code != 0:
            sys.exit(f"campaign: on {self.name}: {command}: {code}: {output}")
        return output

    def tell(self, *words):
        subprocess.run([self.tool, *words], check=True, stdout=subprocess.DEVNULL)


class Controller:
    def __init__(self, build, address, clock, more=()):
        self.program, self.address, self.clock, self.more = f"{build}/roost", address, clock, more
        self.process, self.said = None, ""
        self.log = open("controller.log", "ab")

    def start(self):
        environment = dict(os.environ)
        if self.clock:
            environment.update(faketime_environment(os.path.abspath("clock")))
        arguments = ["setpriv", "--pdeathsig", "KILL", self.program, "controller", "--state", "controller"]
        arguments += ["--keep", "copies=0", *self.more]  # all that was told is held against what the nodes have
        self.process = subprocess.Popen(
            [*arguments, "--listen", self.address, "--address", self.address], stdout=self.log, stderr=self.log, env=environment
        )

    def kill(self):
        self.process.kill()
        self.process.wait()

    def run(self, *words, check=True):
        result = subprocess.run([self.program, *words], capture_output=True, text=True, check=False)
        self.said = f"{result.stdout}{result.stderr}"
        if check and result.returncode != 0:
            sys.exit(f"campaign: roost {shlex.join(words)}: {result.returncode}: {result.stdout}{result.stderr}")
        return result.returncode == 0


def faketime_environment(clock):
    return {
        "LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "FAKETIME_TIMESTAMP_FILE": clock,
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


class Campaign:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.node = Node(options.node_tool, "n1")
        self.controller = Controller(options.build, options.address, options.clock)
        self.agents = [f"a{number + 1}" for number in range(options.agents)]
        self.seen = open("seen", "a", encoding="utf-8")
        account = pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "roost/controller.json"
        self.account = json.loads(account.read_text())
        self.tls = ssl.create_default_context(cafile=f"{account}.ca.pem")
        self.kills = {}
        self.version = 0  # of what was published last; an attempt that failed counts too

    # --- asking ---

    def ask(self, path, body=None):
        """The answer, or None while the controller is away or out of order."""
        request = urllib.request.Request(f"https://{self.options.address}{path}", method="GET" if body is None else "POST")
        request.add_header("Authorization", f"Bearer {self.account['token']}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=5, context=self.tls) as answer:
                return json.loads(answer.read())
        except (OSError, urllib.error.HTTPError, ValueError):
            return None

    def look(self):
        """What the controller has of each node; written down, as it may never become less."""
        page = self.ask("/api/v1/nodes")
        nodes = {node["name"]: node for node in page["items"]} if page else {}
        for name, node in nodes.items():
            print(json.dumps({"node": name, "reported": node["reported"]}), file=self.seen, flush=True)
        return nodes

    def until(self, what, condition, seconds=30):
        begun, last_poke = time.monotonic(), 0
        while not condition():
            if time.monotonic() - begun > seconds * (1 + os.getloadavg()[0] / len(os.sched_getaffinity(0))):
                self.explain()
                sys.exit(f"campaign: {what}: not within {seconds} s (seed {self.options.seed})")
            if time.monotonic() - last_poke > 1:  # agents that wait before they try again: the network has changed
                self.node.run("ip addr add 192.0.2.1/32 dev lo; ip addr del 192.0.2.1/32 dev lo", check=False)
                last_poke = time.monotonic()
            time.sleep(0.1)

    def explain(self):
        print(f"roost said: {self.controller.said}")
        print(self.node.run("head -n 99 /srv/a*/etc/*; ls /var/lib/roost/*/kept", check=False))
        print(json.dumps(self.look(), indent=1))
        for name in self.agents:
            print(self.node.run(f"journalctl -u roost-{name} -n 12 -o cat; tail -n 6 /var/lib/roost/{name}/identity/spool/*", check=False))

    # --- work ---

    def order(self):
        self.ask(f"/api/v1/nodes/{self.random.choice(self.agents)}/work", {"kind": self.random.choice(("check", "apply", "facts"))})

    def edit(self):
        name, file = self.random.choice(self.agents), self.random.choice(FILES)
        way = self.random.choice(("echo by hand >> {0}", "rm -f {0}", "chmod 600 {0}", "echo other > {0}.new; mv {0}.new {0}"))
        self.node.run(way.format(f"/srv/{name}/etc/{file}"), check=False)

    def publish(self):
        """The version stands in a file and in a variable of the bundle: a node must never have one without the other."""
        self.version += 1
        pathlib.Path("project/files/version").write_text(f"version {self.version}\n", encoding="utf-8")
        pathlib.Path("project/group_vars/all.yml").write_text(f"number: {self.version}\n", encoding="utf-8")
        return self.controller.run("publish", "project/site.yml", "-i", "project/hosts.ini", check=False)

    def work(self):
        for _ in range(self.random.randint(1, 3)):
            self.random.choice((self.order, self.order, self.order, self.edit, self.edit, self.publish))()

    def kill(self):
        victim = self.random.choice(("controller", *self.agents))
        self.kills[victim] = self.kills.get(victim, 0) + 1
        if victim == "controller":
            self.controller.kill()
            self.controller.start()
        else:
            whom = self.random.choice(("main", "all"))
            self.node.run(f"systemctl kill --signal=KILL --kill-whom={whom} roost-{victim}", check=False)

    # --- bundles ---

    def bundle_check(self, name):
        """What lies in the node's bundle folder is what its manifest says, all of it, whenever one looks."""
        folder = f"/var/lib/roost/{name}/bundle"
        for _ in range(20):
            look = "cat manifest && echo && echo -- && find files -type f -exec sha256sum {} + && echo -- && cat manifest && echo"
            parts = [part.strip() for part in self.node.run(f"cd {folder} && {look}", check=False).split("--\n")]
            if len(parts) == 3 and parts[0] == parts[2]:  # else another one was put in place meanwhile
                break
        else:
            sys.exit(f"campaign: {name}: no bundle that stays: {parts}")
        named = {file["path"]: file["sha256"] for file in json.loads(parts[0].split("\n")[1])["files"]}
        there = {line[66:].removeprefix("files/"): line[:64] for line in parts[1].splitlines()}
        if named != there:
            sys.exit(f"campaign: {name}: half a bundle: its manifest names {named}, there is {there} (seed {self.options.seed})")

    # --- rest ---

    def spooled(self, name):
        """The number of the last report that the node has made."""
        line = self.node.run(f"cd /var/lib/roost/{name}/kept && tail -qn 1 $(ls | tail -n 1)", check=False)
        return json.loads(line[17:])["sequence"] if line.startswith(tuple("0123456789abcdef")) else 0

    def all_told(self):
        spooled = {name: self.spooled(name) for name in self.agents}
        nodes = self.look()
        told = all(nodes.get(name, {}).get("reported", -1) >= number for name, number in spooled.items())
        for name, number in spooled.items() if told else ():
            print(json.dumps({"node": name, "spooled": number}), file=self.seen, flush=True)
        return told

    def as_declared(self):
        files = [f"/srv/{name}/etc/{file}" for name in self.agents for file in FILES]
        contents = "".join(f"{file} as declared\n" for _ in self.agents for file in FILES)
        files += [f"/srv/{name}/etc/{file}" for name in self.agents for file in ("version", "number")]
        return self.node.run(f"cat {' '.join(files)}", check=False) == contents + f"version {self.version}\n" * 2 * len(self.agents)

    def at_rest(self):
        nodes = self.look()
        return self.as_declared() and self.all_told() and all(nodes.get(name, {}).get("verdict") == "ok" for name in self.agents)

    def apply_all(self, what):
        self.until(f"{what}: a bundle is published", self.publish)
        for name in self.agents:
            self.until(f"{what}: {name} is told", lambda name=name: self.ask(f"/api/v1/nodes/{name}/work", {"kind": "apply"}) is not None)

    def kept_copy(self, name):
        """tar ends with 1 where a file changed under it: the agent goes on sampling."""
        command = [self.options.node_tool, "exec", "n1", "tar", "-C", f"/var/lib/roost/{name}/kept", "-c", "."]
        copied = subprocess.run(command, capture_output=True, check=False)
        if copied.returncode == 0:
            subprocess.run(["tar", "-C", f"kept/{name}", "-x"], input=copied.stdout, check=True)
        return copied.returncode == 0

    def rest(self, what):
        self.until(f"{what}: the controller serves", lambda: self.ask("/health") is not None)
        self.apply_all(what)  # a controller that was set back is found out by the next report
        self.until(f"{what}: everything is told", self.all_told)
        self.until(f"{what}: every node has come to rest", self.at_rest)
        for name in self.agents:
            self.bundle_check(name)
        self.controller.process.terminate()
        self.controller.process.wait()
        subprocess.run(["rm", "-rf", "kept"], check=True)
        for name in self.agents:
            os.makedirs(f"kept/{name}")
            self.until(f"{what}: {name}'s folder is copied", lambda name=name: self.kept_copy(name))
        arguments = ["--store", "controller/store/store.db", "--kept", "kept", "--seen", "seen"]
        for name in self.agents:
            arguments += ["--node", name]
        result = subprocess.run([sys.executable, "-B", str(CHECKER), *arguments], check=False)
        if result.returncode != 0:
            sys.exit(f"campaign: {what}: the history does not hold (seed {self.options.seed})")
        self.controller.start()
        self.until(f"{what}: the controller serves", lambda: self.ask("/health") is not None)

    # --- phases ---

    def phase_kills(self):
        for number in range(self.options.kills):
            self.work()
            time.sleep(self.random.uniform(0, 0.25))  # any point of the work under way
            self.kill()
            if number % 5 == 4:
                self.look()
                self.bundle_check(self.random.choice(self.agents))
            if number % 25 == 24:
                self.until("reports go on", self.all_told)
        print(f"killed: {self.kills}")

    def phase_restore(self):
        """Back to a backup, while the nodes have let go of what came after it."""
        subprocess.run(["rm", "-f", "backup"], check=True)
        self.until("a backup", lambda: self.controller.run("controller", "backup", "backup", "--state", "controller", check=False))
        for _ in range(6):
            self.work()
        self.until("everything is told", self.all_told)
        self.node.run(f"systemctl restart roost-{self.agents[0]}")  # it sends its last segment again; the others tell of a gap
        self.controller.kill()
        self.controller.run("controller", "restore", "backup", "--state", "controller")
        print(json.dumps({"restored": True}), file=self.seen, flush=True)
        self.controller.start()

    def phase_cable(self):
        for _ in range(3):
            self.work()
            self.node.tell("cut", "n1")
            for _ in range(4):
                self.edit()
                self.node.run(f"systemctl kill --signal=KILL roost-{self.random.choice(self.agents)}", check=False)
            self.node.tell("heal", "n1")

    def phase_disk_node(self):
        """The first agent's state lies on a small file system, which is filled up."""
        name = self.agents[0]
        folder = f"/var/lib/roost/{name}"
        filled = self.node.run(f"dd if=/dev/zero of={folder}/filler bs=64k status=none", check=False)
        if "No space" not in filled:
            sys.exit(f"campaign: disk-node: the disk was not filled: {filled}")
        for _ in range(10):
            self.ask(f"/api/v1/nodes/{name}/work", {"kind": self.random.choice(("check", "apply", "facts"))})
            self.edit()
            self.node.run(f"systemctl kill --signal=KILL roost-{name}", check=False)
        self.node.run(f"rm {folder}/filler")

    def phase_disk_controller(self):
        """Its folder lies on a small file system too."""
        with open("controller/filler", "wb", buffering=0) as filler:
            try:
                free = os.statvfs("controller")
                os.posix_fallocate(filler.fileno(), 0, free.f_bavail * free.f_frsize)
                while True:
                    filler.seek(0, os.SEEK_END)
                    filler.write(bytes(4096))
            except OSError as full:
                print(f"disk of the controller: {full}")
            for number in range(10):
                self.work()
                self.look()
                if number == 5:
                    self.controller.kill()
                    self.controller.start()
        os.unlink("controller/filler")
        if self.controller.process.poll() is not None:  # it may refuse to start without room
            self.controller.start()

    def clock_set(self, where, offset):
        if where == "controller":
            pathlib.Path("clock").write_text(f"{offset}\n", encoding="utf-8")
        else:
            self.node.run(f"echo '{offset}' > {CLOCK}")
        time.sleep(1.1)  # libfaketime looks once a second

    def phase_clock(self):
        for where, offset in (("node", "+1d"), ("node", "-1d"), ("node", "+0"), ("controller", "+1d"), ("controller", "-1d"), ("controller", "+0")):
            self.clock_set(where, offset)
            before = {}
            self.until("the controller tells of its nodes", lambda before=before: before.update(self.look()) or before)
            self.edit()
            self.apply_all(f"the clock of the {where} at {offset}")
            self.until(
                f"reports go on with the clock of the {where} at {offset}",
                lambda before=before: all(node["reported"] > before[name]["reported"] for name, node in self.look().items()) and self.all_told(),
            )

    def phase_expired(self):
        """Away for eight days with a certificate of seven; the clocks stay there."""
        for name in self.agents:
            self.node.run(f"systemctl stop roost-{name}")
        self.clock_set("node", "+8d")
        self.clock_set("controller", "+8d")
        for name in self.agents:
            self.node.run(f"systemctl start roost-{name}")
        self.until("every certificate is renewed", lambda: self.renewed() == set(self.agents))

    def renewed(self):
        page = self.ask("/api/v1/audit?limit=200") or {"items": []}
        return {row["object"] for row in page["items"] if row["action"] == "node.renew"}

    def run(self):
        self.controller.start()
        self.until("the controller serves", lambda: self.ask("/health") is not None)
        self.apply_all("at first")
        self.until("every node has come to rest once", self.at_rest)
        for phase in self.options.phases:
            began = time.monotonic()
            getattr(self, f"phase_{phase.replace('-', '_')}")()
            self.rest(phase)
            print(f"-- {phase}: {time.monotonic() - began:.0f} s", flush=True)
        self.controller.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--node-tool", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--clock", action="store_true", help="all programs run with libfaketime")
    parser.add_argument("phases", nargs="+", choices=PHASES)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    Campaign(options).run()


if __name__ == "__main__":
    main()
