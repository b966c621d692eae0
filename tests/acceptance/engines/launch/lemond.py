#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Stands in for Lemonade's daemon `lemond`. What it does is that of github.com/lemonade-sdk/lemonade, release 10 (August 2026):

- command line: `lemond [cache_dir] [config_dir] --port P --host H --[no-]broadcast`, `--version`; with a cache_dir alone config.json lies in
  it (src/cpp/server/cli_parser.cpp). Arguments go before what config.json says.
- settings: names of src/cpp/resources/defaults.json; `no_broadcast` is an older name that is still read (src/cpp/server/config_file.cpp).
- LEMONADE_API_KEY is asked for under /api, /v0 and /v1, not for /live (Server::authenticate_request in src/cpp/server/server.cpp).
- GET /live, GET /v1/health with all_models_loaded, POST /v1/load with model_name, ctx_size, llamacpp_backend, llamacpp_args, pinned, which
  fetches a model that is not there and answers when it is loaded; a name that is not in the list is a 404 (docs/api/lemonade.md).
- each model is served by a process of its own, whose number /v1/health tells (docs/api/lemonade.md).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading

import openai

MODELS = ["Qwen3-0.6B-GGUF"]
SETTINGS = {"port", "host", "broadcast", "no_broadcast", "max_loaded_models", "ctx_size", "offline", "log_level", "llamacpp", "global_timeout"}
LOAD = {"model_name": str, "pinned": bool, "ctx_size": int, "llamacpp_backend": str, "llamacpp_args": str, "save_options": bool}
NOT_FOR_ARGS = {"-m", "--port", "--ctx-size", "-ngl", "--jinja", "--mmproj", "--embeddings", "--reranking"}


class Daemon:
    """Its models."""

    def __init__(self, settings):
        self.settings = settings
        self.key = os.environ.get("LEMONADE_API_KEY")
        self.loaded = {}

    def load(self, body):
        """POST /v1/load."""
        if not isinstance(body, dict) or "model_name" not in body:
            raise ValueError("model_name is required")
        for name, value in body.items():
            if not isinstance(value, LOAD.get(name, ())):
                raise ValueError(f"unknown or wrong option '{name}'")
        if body.get("llamacpp_backend", "cpu") not in ("vulkan", "rocm", "metal", "cpu"):
            raise ValueError("unknown llamacpp_backend")
        if NOT_FOR_ARGS & set(body.get("llamacpp_args", "").split()):
            raise ValueError("llamacpp_args holds what Lemonade sets itself")
        if body["model_name"] not in MODELS:
            return 404, {"error": {"message": f"Model not found: {body['model_name']}", "code": "model_not_found"}}
        hub = pathlib.Path(os.environ["HF_HOME"]) / "hub"
        hub.mkdir(parents=True, exist_ok=True)
        (hub / body["model_name"]).write_text("weights", encoding="utf-8")
        threading.Event().wait(0.3)  # it takes its time
        child = subprocess.Popen(["/bin/sleep", "infinity"])  # pylint: disable=consider-using-with
        self.loaded[body["model_name"]] = {"pid": child.pid, "pinned": body.get("pinned", False), "ctx_size": body.get("ctx_size", -1)}
        return 200, {"status": "success", "model_name": body["model_name"]}

    def health(self):
        """GET /v1/health."""
        models = [
            {
                "model_name": name,
                "type": "llm",
                "device": "cpu",
                "recipe": "llamacpp",
                "pinned": entry["pinned"],
                "pid": entry["pid"],
                "recipe_options": {"ctx_size": entry["ctx_size"]},
                "backend_url": "http://127.0.0.1:8001/v1",
            }
            for name, entry in self.loaded.items()
        ]
        return {"status": "ok", "version": openai.VERSION, "websocket_port": 9000, "all_models_loaded": models}

    def answer(self, method, path, body, headers):
        """One request."""
        if (method, path) == ("GET", "/live"):
            return 200, {"status": "ok"}
        if path.startswith(("/api/", "/v0/", "/v1/")) and not openai.key_is_right(headers, self.key):
            return 401, {"error": "Invalid or missing API key"}
        if (method, path) == ("GET", "/v1/health"):
            return 200, self.health()
        if (method, path) == ("POST", "/v1/load"):
            return self.load(body)
        if (method, path) == ("POST", "/v1/chat/completions"):
            model = openai.chat_check(body, MODELS)
            if model is None:
                return 404, {"error": {"message": f"Model not found: {body.get('model')}"}}
            if model not in self.loaded:
                self.load({"model_name": model})
            return 200, openai.completion(model, "I am Lemonade")
        return 404, {"error": {"message": "not found"}}


def main():
    """lemond [cache_dir] [config_dir] ..."""
    parser = argparse.ArgumentParser(prog="lemond", allow_abbrev=False)
    parser.add_argument("-v", "--version", action="version", version=f"lemond version {openai.VERSION}")
    parser.add_argument("cache_dir", nargs="?", default="/var/lib/lemonade")
    parser.add_argument("config_dir", nargs="?")
    parser.add_argument("--port", type=int)
    parser.add_argument("--host")
    parser.add_argument("--broadcast", action=argparse.BooleanOptionalAction)
    options = parser.parse_args()
    settings = json.loads((pathlib.Path(options.config_dir or options.cache_dir) / "config.json").read_text(encoding="utf-8"))
    if set(settings) - SETTINGS:
        sys.exit(f"lemond: unknown settings {sorted(set(settings) - SETTINGS)}")
    host, port = options.host or settings["host"], options.port or settings["port"]
    print(f"lemond listens on {host}:{port}", flush=True)
    openai.Server(host, port, Daemon(settings).answer).serve_forever()


if __name__ == "__main__":
    main()
