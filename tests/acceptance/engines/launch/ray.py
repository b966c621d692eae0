#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Stands in for `ray start`. What it does is that of docs.ray.io, "Cluster Management CLI" and "Configuring Ray":

- options of `ray start`; --head, or the --address of one; --block stays in the foreground and ends when a process of it has died; --temp-dir is
  for the head alone, the others take the head's (python/ray/scripts/scripts.py).
- its folder is /tmp/ray unless told; in it session_DATE_TIME_MICROSECONDS_PROCESS/sockets/plasma_store and raylet, by which drivers of the same
  node talk to it ("Logging Directory Structure"); the path of a socket has at most 107 bytes.
- ports: --port of the head (GCS); of each node --node-manager-port, --object-manager-port, --runtime-env-agent-port, --metrics-export-port ("Ports
  configurations").

Between themselves these stand-ins speak lines of JSON on the head's port: a node says who it is and stays connected, as long as it lives; who asks
for "nodes" is told which there are.
"""

import argparse
import datetime
import json
import os
import pathlib
import socket
import socketserver
import sys
import threading

PORTS = ["node_manager_port", "object_manager_port", "runtime_env_agent_port", "metrics_export_port"]
SOCKETS = []  # that are listened on: nobody says anything there


class Head(socketserver.ThreadingTCPServer):
    """The head's port: the table of nodes."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, address, port, folder):
        self.nodes, self.folder, self.lock = {}, folder, threading.Lock()
        super().__init__((address, port), Talk)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Talk(socketserver.StreamRequestHandler):
    """A connection to the head."""

    def handle(self):
        name = None
        for line in self.rfile:
            said = json.loads(line)
            with self.server.lock:
                if "node" in said:
                    name = said["node"]["address"]
                    self.server.nodes[name] = said["node"]
                answer = {"nodes": list(self.server.nodes.values()), "folder": self.server.folder}
            self.wfile.write(json.dumps(answer).encode() + b"\n")
        with self.server.lock:
            self.server.nodes.pop(name, None)


def ask(stream, what):
    """A line to the head, its answer; it is gone: ConnectionError."""
    stream.write(json.dumps(what) + "\n")
    stream.flush()
    line = stream.readline()
    if not line:
        raise ConnectionError("the head is gone")
    return json.loads(line)


def options_read():
    """Only what the real one knows, and what of it is ours."""
    parser = argparse.ArgumentParser(prog="ray", allow_abbrev=False)
    parser.add_argument("verb", choices=["start", "health-check"])
    for name in ["--head", "--block", "--disable-usage-stats"]:
        parser.add_argument(name, action="store_true")
    for name in ["--address", "--node-ip-address", "--temp-dir"]:
        parser.add_argument(name)
    for name in ["--port", "--num-gpus", "--num-cpus"] + ["--" + name.replace("_", "-") for name in PORTS]:
        parser.add_argument(name, type=int, default=0)
    parser.add_argument("--include-dashboard", choices=["true", "false"])
    options = parser.parse_args()
    if options.verb == "health-check":
        host, _, port = options.address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
        sys.exit(0)
    if options.head == bool(options.address):
        sys.exit("ray: either --head, or the --address of one")
    if options.temp_dir and not options.head:
        sys.exit("ray: --head is a required flag to use --temp-dir")
    return options


def sockets_make(folder):
    """The session's folder; drivers of this node connect to what is in it."""
    session = pathlib.Path(folder) / f"session_{datetime.datetime.now():%Y-%m-%d_%H-%M-%S_%f}_{os.getpid()}"
    (session / "sockets").mkdir(parents=True)
    for name in ["plasma_store", "raylet"]:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(session / "sockets" / name))
        listener.listen()
        SOCKETS.append(listener)
    return str(session)


def main():
    """ray start ..."""
    options = options_read()
    address, port = options.node_ip_address, options.port or 6379
    if options.head:
        Head(address, port, options.temp_dir or "/tmp/ray")
    else:
        head, _, number = options.address.rpartition(":")
        port = int(number)
    with socket.create_connection((address if options.head else head, port), timeout=20) as connection:
        connection.settimeout(None)
        stream = connection.makefile("rw")
        session = sockets_make(ask(stream, {})["folder"])
        SOCKETS.extend(socket.create_server((address, getattr(options, name))) for name in PORTS)
        ports = [listener.getsockname()[1] for listener in SOCKETS[-len(PORTS) :]]
        ask(stream, {"node": {"address": address, "gpus": options.num_gpus, "session": session, "ports": ports}})
        print(f"Ray runtime started, node {address}, session {session}", flush=True)
        if options.block:
            stream.readline()  # until the head is gone
    sys.exit("Some Ray subprocesses exited unexpectedly" if options.block else 0)


if __name__ == "__main__":
    main()
