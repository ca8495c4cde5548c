"""A web server whose answers a test decides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from stack.ports import HOST, PortBlock


class WebServer:
    """Answers every request with `status`, to which `head` is added; keeps what was asked."""

    def __init__(self, port: int) -> None:
        """Answer 200 to begin with."""
        self.status = 200
        self.head = ""
        self.silent = False
        self.requests: list[str] = []
        self._ended = asyncio.Event()
        self._server: asyncio.Server | None = None
        self.port = port

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.port}/"

    async def open(self) -> None:
        """Listen on the port, for the first time or again."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def close(self) -> None:
        """Refuse connections from now on."""
        assert self._server is not None
        self._server.close()
        self._ended.set()
        await self._server.wait_closed()
        self._ended.clear()

    def speak(self) -> None:
        """Answer what was asked while it was silent, and be silent no more."""
        self.silent = False
        self._ended.set()
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
    # A claimed port: while the server is down, no connection may take an ephemeral one.
    with closing(PortBlock.claim()) as ports:
        server = WebServer(ports.take())
        await server.open()
        try:
            yield server
        finally:
            await server.close()


@asynccontextmanager
async def hanging_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Yield the address of a server that never answers, and what is set when it is asked."""
    asked = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}/", asked
