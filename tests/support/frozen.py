"""A server that accepts connections and does no more, as a suspended process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def frozen_server() -> AsyncIterator[int]:
    """Accept connections on this machine, and answer nothing; yield the port."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass  # The request comes; the end of the connection is the client's.
        writer.close()

    async with await asyncio.start_server(never, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
