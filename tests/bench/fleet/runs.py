#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures for tests/bench/fleet/runs, in its folder: runs.py ROOST HOST:PORT CONTROLLER_PID AGENTS FORKS"""

import http.client
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import threading
import time


class Probe(threading.Thread):
    """Asks for the first page of nodes every 20 ms."""

    def __init__(self, address, token):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPSConnection(address, context=ssl._create_unverified_context(), timeout=30)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.took = []

    def ask(self):
        began = time.monotonic()
        self.connection.request("GET", "/api/v1/nodes", headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"fleet runs: {answer.status} {body[:200]}")
        self.took.append((time.monotonic() - began) * 1000)
        return json.loads(body)

    def run(self):
        while True:
            self.ask()
            time.sleep(0.02)

    def figures(self):
        took, self.took = sorted(self.took), []
        return f"{took[len(took) // 2]:.1f} / {took[int(len(took) * 0.99)]:.1f} / {took[-1]:.1f}"


def usage(pid):
    """CPU in seconds, RSS in MB."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    rss = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(rss) // 1024


def main():
    roost, address, pid, agents, forks = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5]
    token = json.loads(pathlib.Path(os.environ["XDG_CONFIG_HOME"], "roost/controller.json").read_text())["token"]
    probe = Probe(address, token)
    while sum(node["agent"] is not None for node in probe.ask()["items"]) < min(agents, 100):
        time.sleep(0.2)
    time.sleep(2)
    probe.took = []
    probe.start()
    time.sleep(3)
    print("| | s | hosts that are well | GET of the nodes meanwhile, ms: p50 / p99 / max | controller: CPU s, RSS MB |\n|---|---:|---:|---:|---:|")
    print(f"| nothing runs | 3 | | {probe.figures()} | {usage(pid)[1]} |")
    for name, words in (("first", ["apply"]), ("again", ["apply"]), ("check", ["check"])):
        before, began = usage(pid)[0], time.monotonic()
        done = subprocess.run([roost, *words, "site.yml", "-i", "hosts.ini", "--via", "controller", "-f", forks, "-T", "20"],
                              capture_output=True, text=True, check=False)
        took, well = time.monotonic() - began, len(re.findall(r"ok=\d+ .*unreachable=0 +failed=0 ", done.stdout))
        after = usage(pid)
        print(f"| {name}, exit code {done.returncode} | {took:.1f} | {well} | {probe.figures()} | {after[0] - before:.1f}, {after[1]} |", flush=True)
        if well < agents:
            print("".join(re.findall(r"(?m)^fatal: .*\n", done.stdout)[:3]), done.stderr[-2000:], file=sys.stderr)


main()
