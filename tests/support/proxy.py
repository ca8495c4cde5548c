"""A network between two processes that can go silent, be slow, or be cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

CHUNK = 65_536


@dataclass(eq=False)
class _Connection:
    task: asyncio.Task[None] | None
    writer: asyncio.StreamWriter
    silent: bool = False


class Proxy:
    """Passes connections on to an address.

    Args:
        target: Returns the address, as host:port, when a connection comes.
    """

    def __init__(self, target: Callable[[], str]) -> None:
        self.port = 0
        self.silence_after_first_answer = False
        """Whether what connects from now on goes silent once the target has said something."""
        self.delay = 0.0
        """Seconds by which each answer is late."""
        self._open = True
        self._target = target
        self._connections: set[_Connection] = set()

    def silence(self) -> None:
        """Let every connection go silent that is open now."""
        for connection in self._connections:
            connection.silent = True

    @asynccontextmanager
    async def cut(self) -> AsyncIterator[None]:
        """Close every connection, and refuse new ones, as long as the context lasts."""
        self._open = False
        for connection in self._connections:
            connection.writer.transport.abort()
        try:
            yield
        finally:
            self._open = True

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen on a free port as long as the context lasts."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            tasks = [c.task for c in self._connections if c.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(asyncio.current_task(), writer)
        self._connections.add(connection)
        try:
            # Either end may go at any time: it is killed, or not there yet.
            with suppress(OSError):
                if not self._open:
                    return
                host, port = self._target().split(":")
                there = await asyncio.open_connection(host, int(port))
                try:
                    await asyncio.gather(
                        self._pass(connection, reader, there[1], answers=False),
                        self._pass(connection, there[0], writer, answers=True),
                    )
                finally:
                    await _close(there[1])
        finally:
            await _close(writer)
            self._connections.discard(connection)

    async def _pass(
        self,
        connection: _Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        answers: bool,
    ) -> None:
        silence = answers and self.silence_after_first_answer
        while data := await reader.read(CHUNK):
            if answers and self.delay:
                await asyncio.sleep(self.delay)
            if not connection.silent:
                writer.write(data)
                await writer.drain()
                connection.silent = connection.silent or silence
        if not connection.silent:
            writer.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
