"""A web server whose answers a test decides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class WebServer:
    """Answers every request with `status`, to which `head` is added; keeps what was asked."""

    def __init__(self) -> None:
        """Answer 200 to begin with."""
        self.status = 200
        self.head = ""
        self.silent = False
        self.requests: list[str] = []
        self._ended = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    async def open(self) -> None:
        """Listen: on the port of before, where there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse connections from now on."""
        assert self._server is not None
        self._server.close()
        self._ended.set()
        await self._server.wait_closed()
        self._ended.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if self.silent:
                await self._ended.wait()
            # The body has no end: nobody who reads all of it comes back.
            writer.write(f"HTTP/1.1 {self.status} X\r\n{self.head}\r\nbody".encode())
            await writer.drain()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def web_server() -> AsyncIterator[WebServer]:
    """Yield a server that listens."""
    server = WebServer()
    await server.open()
    try:
        yield server
    finally:
        await server.close()
