# SPDX-License-Identifier: Apache-2.0
"""Stands in for exo's main.py in tests: its command line, GET /node_id, the dashboard it wants to find; no cluster."""

import argparse
import http.server
import os
import pathlib
import sys


def find_dashboard():
    """As exo: the one that is named, or that of the source tree; without one it does not start."""
    named = os.environ.get("EXO_DASHBOARD_DIR")
    found = pathlib.Path(named) if named else pathlib.Path(__file__).parents[2] / "dashboard" / "build"
    if not found.is_dir() or not (named or (found / "index.html").exists()):
        sys.exit("FileNotFoundError: Unable to locate dashboard assets")
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /node_id, and the dashboard's first page."""

    def do_GET(self):  # pylint: disable=invalid-name
        index = find_dashboard() / "index.html"
        body = b'"stand-in"' if self.path == "/node_id" else index.read_bytes() if self.path == "/" and index.exists() else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    """exo --api-port PORT ..."""
    find_dashboard()
    parser = argparse.ArgumentParser(prog="EXO")
    parser.add_argument("--api-port", type=int, default=52415)
    parser.add_argument("--libp2p-port", type=int, default=0)
    parser.add_argument("--bootstrap-peers")
    parser.add_argument("--no-worker", action="store_true")
    parser.add_argument("--offline", action="store_true")
    options = parser.parse_args()
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"]:
        (pathlib.Path(os.environ[name]) / "exo").mkdir(parents=True, exist_ok=True)
    print("exo VERSION listens", flush=True)
    http.server.ThreadingHTTPServer(("0.0.0.0", options.api_port), Handler).serve_forever()


if __name__ == "__main__":
    main()
