#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Stands in for distributed-llama: `dllama worker` and `dllama-api`, by the name it is called by. What it does is that of
github.com/b4rtaz/distributed-llama (January 2026):

- arguments are pairs of a name and a value, --workers takes all words up to the next name; a name that is not known ends it; --gpu-index without
  Vulkan too (AppCliArgs::parse and resolveDevices in src/app.cpp). Worker: --host 0.0.0.0 --port 9990.
- the root connects to each worker when it starts, tells it its number and the others, and keeps the connection; a worker takes its first caller for
  the root, and listens no more until that one is gone (NnNetwork::serve in src/nn/nn-network.cpp, runWorkerApp in src/app.cpp).
- the root refuses more nodes than the model has KV heads, and weights in Q40 with other buffers than Q80 (runInferenceApp).
- dllama-api: POST /v1/chat/completions and GET /v1/models alone, one request after the other, each with a connection of its own; the header
  Content-Length is known in this writing alone (src/dllama-api.cpp).
- a worker that cannot be reached, or is lost: the API is gone, and everything is begun anew after 3 seconds (main in src/dllama-api.cpp).

A model is here {"kv_heads": N, "weights": "q40"}. Sizes of packets are others.
"""

import json
import os
import pathlib
import socket
import sys
import threading

import openai

NAMES = """--model --tokenizer --prompt --buffer-float-type --port --host --nthreads --steps --temperature --topp --seed --chat-template
    --max-seq-len --gpu-index --gpu-segments --net-turbo""".split()


def options_read(words):
    """{name: value}, workers as a list."""
    options = {"--port": "9990", "--host": "0.0.0.0", "--nthreads": "1", "--buffer-float-type": "f32", "--workers": []}
    while words:
        name, count = words[0], 1
        if name == "--workers":
            while count < len(words) and not words[count].startswith("-"):
                count += 1
            options[name] = [worker.rsplit(":", 1) for worker in words[1:count]]
            words = words[count:]
            continue
        if name not in NAMES or len(words) < 2:
            sys.exit(f"Unknown option: {name}")
        options[name], words = words[1], words[2:]
    if int(options["--nthreads"]) < 1 or "--gpu-index" in options:
        sys.exit("Number of threads must be at least 1, and this build does not support GPU")
    return options


def worker(options):
    """dllama worker."""
    while True:
        with socket.create_server((options["--host"], int(options["--port"]))) as server:
            root = server.accept()[0]
        with root, root.makefile("rw") as stream:
            print("The root node has connected", stream.readline().strip(), flush=True)
            for line in stream:  # what it is to compute
                stream.write(line)
                stream.flush()


def forward(workers):
    """A step of all nodes. One is lost: ConnectionError."""
    for stream in workers:
        stream.write("step\n")
        stream.flush()
        if not stream.readline():
            raise ConnectionError("a worker is lost")


def serve_one(client, options, workers):
    """One request."""
    stream = client.makefile("rwb")
    method, path = stream.readline().decode().split()[:2]
    length = 0
    for line in iter(stream.readline, b"\r\n"):
        name, _, value = line.decode().partition(": ")
        length = int(value) if name == "Content-Length" else length
    body = json.loads(stream.read(length)) if length else None
    if (method, path) == ("POST", "/v1/chat/completions"):
        openai.chat_check(body, [])
        forward(workers)
        answer = openai.completion("Distributed Model", "I am distributed")
    elif (method, path) == ("GET", "/v1/models"):
        answer = {"object": "list", "data": [{"id": pathlib.Path(options["--model"]).name, "object": "model"}]}
    else:
        client.sendall(b"HTTP/1.1 404 Not Found\r\n")
        return
    data = json.dumps(answer).encode()
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(data) + data)


def root_once(options):
    """The network, then the API."""
    model = json.loads(pathlib.Path(options["--model"]).read_text(encoding="utf-8"))
    pathlib.Path(options["--tokenizer"]).read_text(encoding="utf-8")
    if len(options["--workers"]) + 1 > model["kv_heads"]:
        sys.exit("This version does not support more nodes than the number of KV heads in the model")
    if model["weights"] == "q40" and options["--buffer-float-type"] != "q80":
        sys.exit("This version supports only Q40 weights with Q80 sync type")
    workers = []
    for number, (host, port) in enumerate(options["--workers"]):
        workers.append(socket.create_connection((host, int(port)), timeout=5).makefile("rw"))
        workers[-1].write(f"node {number}\n")
        workers[-1].flush()
    with socket.create_server((options["--host"], int(options["--port"]))) as server:
        print(f"{len(workers)} workers, listens on {options['--port']}", flush=True)
        while True:
            with server.accept()[0] as client:
                serve_one(client, options, workers)


def main():
    """dllama worker, dllama-api."""
    if not pathlib.Path("dllama-api").exists():
        sys.exit("its shaders are looked for in the folder it runs in")
    if os.path.basename(sys.argv[0]) == "dllama":
        if sys.argv[1:2] != ["worker"]:
            sys.exit("Unsupported mode")
        worker(options_read(sys.argv[2:]))
    options = options_read(sys.argv[1:])
    while True:
        try:
            root_once(options)
        except OSError as error:
            print(f"Connection error: {error}\nRetrying in 3 seconds...", flush=True)
        threading.Event().wait(3)


if __name__ == "__main__":
    main()
