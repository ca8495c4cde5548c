"""The fake of the orchestrator's API as a web server, for commands in processes of their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class WebOrchestrator(ThreadingHTTPServer):
    """Answers a GET by its path, and keeps the bodies of what is posted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {}
        self.bodies: list[Any] = []
        self.watched, self.ended = Event(), Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WebOrchestrator

    def do_GET(self) -> None:
        if self.path.endswith("/stream"):
            self.stream()
        else:
            self.answer(self.server.answers[self.path.partition("?")[0]])

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.bodies.append(json.loads(self.rfile.read(length)))
        self.answer({})

    def answer(self, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self) -> None:
        """Send one change, and stay open."""
        self.send_response(200)
        self.end_headers()
        detail = {"status": "RUNNING", "custom_status": {"message": "Underway"}, "why": []}
        self.wfile.write(f"data: {json.dumps(detail)}\n\n".encode())
        self.server.watched.set()
        self.server.ended.wait(300)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def web_orchestrator() -> Iterator[WebOrchestrator]:
    """Serve on the loopback."""
    with WebOrchestrator() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
