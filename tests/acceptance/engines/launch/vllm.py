#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Stands in for `vllm serve`. What it does is that of docs.vllm.ai:

- "vllm serve" and "Engine Arguments": the model, then the options below; it listens when the engine is up, not before.
- "OpenAI-Compatible Server": GET /health without a key; /v1 with the one of --api-key or VLLM_API_KEY; a model is known by --served-model-name alone,
  another one is a 404 with {"error": {"message": ..}}.
- "Production Metrics": GET /metrics, counters vllm:*.
- "Parallelism and Scaling", and vllm/executor/ray_utils.py: with the executor ray it is a driver of the Ray at RAY_ADDRESS: it waits for as many GPUs
  as --tensor-parallel-size, its own node (VLLM_HOST_IP) must be among them, and it ends when one is lost.
"""

import argparse
import os
import socket
import sys
import threading

import openai
import ray

METRICS = """vllm:prompt_tokens_total{model_name="NAME"} 4
vllm:generation_tokens_total{model_name="NAME"} 3
vllm:request_prefill_time_seconds_sum{model_name="NAME"} 0.1
vllm:request_decode_time_seconds_sum{model_name="NAME"} 0.2
vllm:num_requests_running{model_name="NAME"} 0
vllm:num_requests_waiting{model_name="NAME"} 0
"""


def options_read():
    """Only what the real one knows, and what of it is ours."""
    parser = argparse.ArgumentParser(prog="vllm", allow_abbrev=False)
    parser.add_argument("verb", choices=["serve"])
    parser.add_argument("model")
    for name in ["--host", "--served-model-name", "--api-key", "--attention-backend"]:
        parser.add_argument(name)
    for name in ["--port", "--max-model-len", "--max-num-seqs", "--tensor-parallel-size"]:
        parser.add_argument(name, type=int)
    parser.add_argument("--gpu-memory-utilization", type=float, default=0.9)
    parser.add_argument("--enforce-eager", action="store_true")
    parser.add_argument("--distributed-executor-backend", choices=["ray", "mp", "uni", "external_launcher"])
    options = parser.parse_args()
    if not 0 < options.gpu_memory_utilization <= 1:
        sys.exit("vllm: gpu_memory_utilization must be in (0, 1]")
    return options


def driver_start(wanted):
    """Waits for the GPUs of Ray's nodes, then looks after them."""
    host, _, port = os.environ["RAY_ADDRESS"].rpartition(":")
    stream = socket.create_connection((host, int(port))).makefile("rw")
    nodes = []
    while sum(node["gpus"] for node in nodes) < wanted:
        threading.Event().wait(0.1)
        nodes = ray.ask(stream, {})["nodes"]
    own = [node for node in nodes if node["address"] == os.environ["VLLM_HOST_IP"]]
    if not own:
        sys.exit("RuntimeError: driver node is not included in a placement group")
    socket.socket(socket.AF_UNIX).connect(own[0]["session"] + "/sockets/plasma_store")
    for node in nodes:
        for number in node["ports"]:
            socket.create_connection((node["address"], number), timeout=5).close()

    def look():
        while len(ray.ask(stream, {})["nodes"]) >= len(nodes):
            threading.Event().wait(0.2)
        print("EngineDeadError: a worker was lost", file=sys.stderr)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def main():
    """vllm serve MODEL ..."""
    options = options_read()
    key, name = options.api_key or os.environ.get("VLLM_API_KEY"), options.served_model_name or options.model
    if options.distributed_executor_backend == "ray":
        driver_start(options.tensor_parallel_size)
    elif (options.tensor_parallel_size or 1) > 1:
        sys.exit("vllm: this node has one GPU")

    def answer(method, path, body, headers):
        if (method, path) == ("GET", "/health"):
            return 200, ""
        if (method, path) == ("GET", "/metrics"):
            return 200, METRICS.replace("NAME", name)
        if path.startswith("/v1") and not openai.key_is_right(headers, key):
            return 401, {"error": "Unauthorized"}
        if (method, path) == ("GET", "/v1/models"):
            return 200, {"object": "list", "data": [{"id": name, "object": "model"}]}
        if (method, path) == ("POST", "/v1/chat/completions"):
            if openai.chat_check(body, [name]) is None:
                return 404, {"error": {"message": f"The model `{body.get('model')}` does not exist.", "type": "NotFoundError", "code": 404}}
            return 200, openai.completion(name, "I am vLLM")
        return 404, {"detail": "Not Found"}

    print(f"vllm {openai.VERSION} listens on {options.host}:{options.port}", flush=True)
    openai.Server(options.host or "0.0.0.0", options.port or 8000, answer).serve_forever()


if __name__ == "__main__":
    main()
