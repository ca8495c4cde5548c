"""How full a disk and a Redis are."""

import asyncio
import shutil
from pathlib import Path

import pytest
from redis.asyncio import Redis

from orchestrator.storage.fill import DiskSpace, FillUnknown, RedisMemory


async def test_the_files_of_a_folder_are_measured_against_the_free_space(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"x" * 3000)
    (tmp_path / "a.db-wal").write_bytes(b"x" * 1000)
    fill = await DiskSpace(tmp_path, reserve_bytes=0).read()
    assert fill.used_bytes == 4000
    assert fill.ratio < 0.5


async def test_a_disk_with_no_more_than_its_reserve_is_full(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"x")
    free = shutil.disk_usage(tmp_path).free
    assert (await DiskSpace(tmp_path, reserve_bytes=2 * free).read()).ratio == 1


async def test_a_folder_that_is_gone_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(FillUnknown, match="No such file"):
        await DiskSpace(tmp_path / "gone", 0).read()


class FakeRedis:
    """Answers INFO as a server does."""

    def __init__(self, used: int, maxmemory: int) -> None:
        self._answer = f"# Memory\r\nused_memory:{used}\r\nmaxmemory:{maxmemory}\r\n"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_info = b""
        while with_info := await reader.readline():
            if with_info.strip().upper() == b"INFO":
                writer.write(f"${len(self._answer)}\r\n{self._answer}\r\n".encode())
            elif with_info.strip().upper() in (b"CLIENT", b"HELLO", b"AUTH"):
                writer.write(b"+OK\r\n")
        writer.close()


@pytest.mark.parametrize(
    ("budget", "maxmemory", "limit"), [(400, 0, 400), (400, 300, 300), (400, 500, 400)]
)
async def test_the_memory_of_redis_is_measured_against_the_lower_limit(
    budget: int, maxmemory: int, limit: int
) -> None:
    server = await asyncio.start_server(FakeRedis(100, maxmemory).serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    client = Redis(host=host, port=port, protocol=2, decode_responses=True)
    try:
        fill = await RedisMemory(client, budget).read()
    finally:
        await client.aclose()
        server.close()
    assert (fill.used_bytes, fill.limit_bytes) == (100, limit)


async def test_a_redis_that_is_down_is_unknown(unused_tcp_port: int) -> None:
    client = Redis(host="127.0.0.1", port=unused_tcp_port)
    with pytest.raises(FillUnknown, match="Redis"):
        await RedisMemory(client, 1).read()
    await client.aclose()
