"""A sidecar's two APIs as real servers on this machine: health over HTTP, state over gRPC."""

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import grpc
from dapr.proto import api_service_v1, api_v1
from google.protobuf.empty_pb2 import Empty

FIRST_WRITE = 1


class FakeSidecar(api_service_v1.DaprServicer):  # type: ignore[misc]
    """Answers as a sidecar with a Redis state store does; tests set what it is to answer."""

    def __init__(self) -> None:
        self.ready = True
        self.workers = 0
        self.placement = "placement: connected"
        self.hosted: list[str] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        """Method, path and headers of each HTTP request."""
        self.data: dict[str, tuple[bytes, int]] = {}
        self.expiries: dict[str, str] = {}
        """The `ttlInSeconds` that the last write of a key had."""
        self.metadata: list[dict[str, str]] = []
        """Of each gRPC call."""
        self.fail_with: grpc.StatusCode | None = None
        self.fail_writes_with: grpc.StatusCode | None = None
        self.delay_seconds = 0.0
        self.http_port = 0
        self.grpc_port = 0

    def seen_times(self, times: int) -> Callable[[], Awaitable[bool | None]]:
        """Return a check that is true once there were so many HTTP requests, for `eventually`."""

        async def look() -> bool | None:
            return len(self.seen) >= times or None

        return look

    def answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        """Answer an HTTP request."""
        self.seen.append((method, path, headers))
        match method, path:
            case "GET", "/v1.0/healthz/outbound":
                return (204 if self.ready else 500), None
            case "GET", "/v1.0/metadata":
                connected = {"connectedWorkers": self.workers} if self.workers else {}
                hosted = {"activeActors": [{"type": name} for name in self.hosted]}
                actors = {"placement": self.placement} | (hosted if self.hosted else {})
                return 200, {"workflows": connected, "actorRuntime": actors}
            case "POST", "/v1.0/shutdown":
                return 204, None
        return 404, None

    def GetState(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        self._begin(context)
        value, version = self.data.get(request.key, (b"", 0))
        return api_v1.GetStateResponse(data=value, etag=str(version) if value else "")

    def GetBulkState(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._begin(context)
        items = []
        for key in request.keys:
            value, version = self.data.get(key, (b"", 0))
            error = "no such shard" if key.startswith("broken") else ""
            items.append(
                api_v1.BulkStateItem(
                    key=key, data=value, etag=str(version) if value else "", error=error
                )
            )
        return api_v1.GetBulkStateResponse(items=items)

    def SaveState(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._begin(context)
        if self.fail_writes_with is not None:
            context.abort(self.fail_writes_with, "write failed on demand")
        for item in request.states:
            _, version = self.data.get(item.key, (b"", 0))
            if item.HasField("etag"):
                if item.etag.value != str(version):
                    context.abort(grpc.StatusCode.ABORTED, "possible etag mismatch")
            elif item.options.concurrency == FIRST_WRITE and version:
                # What Redis' component makes of it.
                context.abort(grpc.StatusCode.INTERNAL, "failed to set key")
            self.data[item.key] = (item.value, version + 1)
            # Without metadata an earlier expiry stays, as in Redis.
            if ttl := item.metadata.get("ttlInSeconds"):
                self.expiries[item.key] = ttl
        return Empty()

    def DeleteState(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._begin(context)
        _, version = self.data.get(request.key, (b"", 0))
        if request.etag.value != str(version):
            context.abort(grpc.StatusCode.ABORTED, "possible etag mismatch")
        del self.data[request.key]
        return Empty()

    def _begin(self, context: Any) -> None:
        self.metadata.append(dict(context.invocation_metadata()))
        time.sleep(self.delay_seconds)
        if self.fail_with is not None:
            context.abort(self.fail_with, "failed on demand")


@contextmanager
def running(sidecar: FakeSidecar) -> Iterator[None]:
    """Serve `sidecar` on two free ports."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            status, body = sidecar.answer(
                self.command, self.path, {k.lower(): v for k, v in self.headers.items()}
            )
            self.send_response(status)
            self.end_headers()
            if body is not None:
                self.wfile.write(json.dumps(body).encode())

        do_GET = do_POST = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    rpc = grpc.server(ThreadPoolExecutor(4))
    api_service_v1.add_DaprServicer_to_server(sidecar, rpc)
    sidecar.http_port = http.server_port
    sidecar.grpc_port = rpc.add_insecure_port("127.0.0.1:0")
    rpc.start()
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
        rpc.stop(None).wait()
