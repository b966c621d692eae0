#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A controller that does one thing: gives a node the placement that lies in a file, and notes what the node tells.

placement_stub.py ADDRESS PORT TRUST_FOLDER FOLDER: speaks with the certificate in TRUST_FOLDER (of a real controller that the node has
joined), gives FOLDER/placement.json, adds to FOLDER/told.jsonl: {"at", "kind", "body"} for each report, kind "log" for lines of logs,
kind "asked" for each request for the placement.
"""

import json
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

FOLDER = sys.argv[4]
LOCK = threading.Lock()
TOLD = {"epoch": 0}


def placement():
    with open(os.path.join(FOLDER, "placement.json"), encoding="utf-8") as file:
        return json.load(file)


def note(kind, body):
    with LOCK, open(os.path.join(FOLDER, "told.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps({"at": time.time(), "kind": kind, "body": body}) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, etag=None):
        data = b"" if status == 304 else json.dumps(body).encode()
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        url = urlparse(self.path)
        if url.path == "/agent/v1/placement":
            now = placement()
            etag = '"%d"' % now["epoch"]
            note("asked", now["epoch"])
            same = self.headers.get("If-None-Match") == etag
            self.answer(304 if same else 200, now, etag)
        elif url.path == "/agent/v1/work":
            self.work(parse_qs(url.query))
        else:
            self.answer(404, {"error": {"code": "not_found", "message": "not here"}})

    def work(self, query):
        after, until = int(query["after"][0]), time.monotonic() + int(query["wait_s"][0])
        work = []
        while not work:
            epoch = placement()["epoch"]
            if epoch != TOLD["epoch"]:
                TOLD["epoch"] = epoch
                work = [{"number": after + 1, "kind": "placement", "body": {"epoch": epoch}}]
            elif time.monotonic() >= until:
                break
            else:
                time.sleep(0.02)
        self.answer(200, {"work": work})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/agent/v1/reports":
            for report in body["reports"]:
                note(report["kind"], report["body"])
            self.answer(200, {"acknowledged": body["reports"][-1]["sequence"]})
        elif self.path == "/agent/v1/logs":
            note("log", body)
            self.answer(200, {"followed": True})
        else:
            self.answer(404, {"error": {"code": "not_found", "message": "not here"}})


def main():
    trust = sys.argv[3]
    server = ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(os.path.join(trust, "server.pem"), os.path.join(trust, "server.key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.serve_forever()


main()
