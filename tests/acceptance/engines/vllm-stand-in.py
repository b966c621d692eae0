# SPDX-License-Identifier: Apache-2.0
"""Stands in for vLLM in tests: its command line, /health and /v1/models, no inference."""

import argparse
import http.server
import json
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """What vLLM's documentation promises of these two."""

    model = ""

    def do_GET(self):  # pylint: disable=invalid-name
        key = os.environ.get("VLLM_API_KEY")
        status, body = 404, b""
        if self.path == "/health":
            status = 200
        elif self.path == "/v1/models":
            allowed = not key or self.headers.get("Authorization") == f"Bearer {key}"
            status = 200 if allowed else 401
            body = json.dumps({"object": "list", "data": [{"id": self.model}]} if allowed else {"error": "Unauthorized"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    """vllm --version, vllm serve MODEL ..."""
    if sys.argv[1:] == ["--version"]:
        print("VERSION")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["serve"])
    parser.add_argument("model")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--gpu-memory-utilization", type=float)
    parser.add_argument("--max-model-len", type=int)
    options = parser.parse_args()
    Handler.model = options.model
    server = http.server.ThreadingHTTPServer((options.host, options.port), Handler)
    print("vllm VERSION listens", flush=True)
    server.serve_forever()
