#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Stands in for exo. What it does is that of github.com/exo-explore/exo, 0.3.70 (June 2026):

- command line: Args.parse in src/exo/main.py; EXO_LIBP2P_NAMESPACE and --bootstrap-peers end it; EXO_DASHBOARD_DIR must be a folder, as a static
  file server is mounted on it (src/exo/api/main.py).
- nodes find one another by multicast of IPv6, ff12::e0a1:de89 at --discovery-port, on every interface with an address: each second a Hello with a
  nonce and the namespace's digest, answered with the nonce, the own number and --zenoh-port; who has the greater number connects to the address that
  the answer came from, which is link-local (rust/networking/src/discovery.rs, lib.rs). The digest is another one here.
- GET /state: names in camelCase, topology.nodes, instances as {id: {"MlxRingInstance": {"shardAssignments": {"modelId": ..}}}}
  (src/exo/shared/types/state.py, worker/instances.py).
- POST /place_instance {model_id, sharding, instance_meta, min_nodes} answers "Command received."; the instance is there a while later; each command makes
  one (src/exo/api/main.py, src/exo/master/main.py). An instance that has lost a node goes.
- POST /v1/chat/completions for a model without an instance: 404 with "detail".
"""

import argparse
import hashlib
import os
import pathlib
import secrets
import socket
import struct
import sys
import threading
import uuid

import openai

GROUP = "ff12::e0a1:de89"
MODELS = ["mlx-community/Llama-3.2-1B-4bit"]


class Node:
    """This one, and those that it is connected to."""

    def __init__(self, options):
        self.options = options
        self.number = secrets.token_bytes(16)
        self.namespace = hashlib.sha256(options.namespace.encode()).digest()[:8]
        self.nonce, self.peers, self.instances, self.lock = b"", {}, {}, threading.Lock()

    def talk(self, connection):
        """A connection to a peer, as long as it lives: first both say who they are."""
        connection.sendall(self.number)
        number = connection.recv(16, socket.MSG_WAITALL)
        with self.lock:
            self.peers[number] = connection
        connection.recv(1)  # until it is gone
        with self.lock:
            self.peers.pop(number, None)
            self.instances.clear()

    def listen(self):
        """The peers' port."""
        server = socket.create_server(("::", self.options.zenoh_port), family=socket.AF_INET6, dualstack_ipv6=True)
        while True:
            threading.Thread(target=self.talk, args=server.accept()[:1], daemon=True).start()

    def found(self, address, number, port):
        """An answer: who has the greater number connects."""
        if number < self.number and number not in self.peers:
            try:
                connection = socket.socket(socket.AF_INET6)
                connection.settimeout(2)
                connection.connect((address[0], port, 0, address[3]))
            except OSError as error:
                print(f"cannot connect to peer {address}: {error}", flush=True)
                return
            connection.settimeout(None)
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def discover(self):
        """Hello and answers."""
        port = self.options.discovery_port
        line = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(("::", port))
        scopes = {int(row.split()[1], 16) for row in pathlib.Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()} - {1}
        for scope in scopes:
            line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, GROUP) + struct.pack("@I", scope))

        def announce():
            while True:
                self.nonce = secrets.token_bytes(8)
                for scope in scopes:
                    line.sendto(b"EXO\0" + self.nonce + self.namespace, (GROUP, port, 0, scope))
                threading.Event().wait(1)

        threading.Thread(target=announce, daemon=True).start()
        while True:
            data, address = line.recvfrom(64)
            if data[:4] == b"EXO\0" and len(data) == 20 and data[12:] == self.namespace and data[4:12] != self.nonce:
                line.sendto(b"EXO\1" + data[4:12] + self.number + struct.pack("<H", self.options.zenoh_port), address)
            elif data[:4] == b"EXO\1" and len(data) == 30 and data[4:12] == self.nonce:
                self.found(address, data[12:28], struct.unpack("<H", data[28:])[0])

    def place(self, body):
        """POST /place_instance."""
        if body.get("model_id") not in MODELS:
            return 404, {"detail": "Model not found"}
        if body.get("sharding", "Pipeline") not in ("Pipeline", "Tensor") or body.get("instance_meta", "MlxRing") not in ("MlxRing", "MlxJaccl"):
            return 422, {"detail": "Input should be one of its names"}

        def later():
            if len(self.peers) + 1 >= body.get("min_nodes", 1):
                self.instances[str(uuid.uuid4())] = {"MlxRingInstance": {"shardAssignments": {"modelId": body["model_id"]}}}

        threading.Timer(0.3, later).start()
        return 200, {"message": "Command received.", "command_id": str(uuid.uuid4()), "model_card": {"model_id": body["model_id"]}}

    def answer(self, method, path, body, _headers):
        """One request."""
        if (method, path) == ("GET", "/node_id"):
            return 200, self.number.hex()
        if (method, path) == ("GET", "/state"):
            nodes = [number.hex() for number in [self.number, *self.peers]]
            return 200, {"instances": dict(self.instances), "runners": {}, "topology": {"nodes": nodes, "connections": {}}, "lastEventAppliedIdx": 1}
        if (method, path) == ("POST", "/place_instance"):
            return self.place(body)
        if (method, path) == ("POST", "/v1/chat/completions"):
            if openai.chat_check(body, MODELS) is None or not self.instances:
                return 404, {"detail": f"No instance found for model {body.get('model')}"}
            return 200, openai.completion(body["model"], "I am exo")
        return 404, {"detail": "Not Found"}


def options_read():
    """Only what the real one knows."""
    parser = argparse.ArgumentParser(prog="EXO", allow_abbrev=False)
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("-v", "--verbose", action="count")
    parser.add_argument("-m", "--force-master", action="store_true")
    for name in ["--no-api", "--no-worker", "--no-downloads", "--offline", "--no-batch", "--legacy-daemon", "--fast-synch", "--no-fast-synch"]:
        parser.add_argument(name, action="store_true")
    parser.add_argument("--bootstrap-peers")
    parser.add_argument("--namespace", default=openai.VERSION)
    parser.add_argument("--api-port", type=int, default=52415)
    parser.add_argument("--zenoh-port", type=int, default=52414)
    parser.add_argument("--discovery-port", type=int, default=52413)
    return parser.parse_args()


def main():
    """exo ..."""
    options = options_read()
    if os.environ.get("EXO_LIBP2P_NAMESPACE"):
        sys.exit("ValueError: EXO_LIBP2P_NAMESPACE has been removed - use EXO_ZENOH_NAMESPACE instead")
    if options.bootstrap_peers:
        sys.exit("ValueError: Bootstrap peers has been temporarily removed")
    if not pathlib.Path(os.environ.get("EXO_DASHBOARD_DIR", "/nowhere")).is_dir():
        sys.exit("RuntimeError: the dashboard's directory does not exist")
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"]:
        (pathlib.Path(os.environ[name]) / "exo").mkdir(parents=True, exist_ok=True)
    node = Node(options)
    for work in [node.listen, node.discover]:
        threading.Thread(target=work, daemon=True).start()
    print(f"exo {openai.VERSION} listens on {options.api_port}", flush=True)
    openai.Server("0.0.0.0", options.api_port, node.answer).serve_forever()


if __name__ == "__main__":
    main()
