# SPDX-License-Identifier: Apache-2.0
"""What the stand-ins that the launcher starts have in common: a server of JSON, and the completion it gives. No inference."""

import http.server
import json
import threading

VERSION = "1.2.3"  # those that tell one


def completion(model, words):
    """An answer of POST /v1/chat/completions."""
    message = {"role": "assistant", "content": words}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7},
    }


def chat_check(body, names):
    """The model that is asked for, or None: nobody has it. What every server of this API takes must be there."""
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list) or not body["messages"]:
        raise ValueError("messages: field required")
    for message in body["messages"]:
        if message.get("role") not in ("system", "user", "assistant") or not isinstance(message.get("content"), str):
            raise ValueError("messages: role and content are required")
    return body.get("model") if body.get("model") in names else None


class Server(http.server.ThreadingHTTPServer):
    """answer(method, path, body, headers) gives (status, JSON or text)."""

    daemon_threads = True

    def __init__(self, host, port, answer):
        super().__init__((host, port), Handler)
        self.answer = answer

    def start(self):
        """Serves beside what the caller does next."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self


class Handler(http.server.BaseHTTPRequestHandler):
    """Bodies in, JSON out."""

    protocol_version = "HTTP/1.1"

    def reply(self):
        """One request."""
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(text) if text else None
            status, answer = self.server.answer(self.command, self.path, body, self.headers)
        except ValueError as error:
            status, answer = 400, {"error": {"message": str(error), "code": 400}}
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = reply


def key_is_right(headers, key):
    """Without a key everybody may come in."""
    return not key or headers.get("Authorization") == f"Bearer {key}"
