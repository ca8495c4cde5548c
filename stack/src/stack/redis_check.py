"""The readiness check of Redis, which answers only once its data is loaded."""

import asyncio

from stack.readiness import ReadyCheck

_ANSWER_SECONDS = 2


def redis_ready(host: str, port: int, password: str) -> ReadyCheck:
    """Return a check that logs in and sends a PING."""

    async def check() -> bool:
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        try:
            writer.write(_command("AUTH", password) + _command("PING"))
            answers = [await asyncio.wait_for(reader.readline(), _ANSWER_SECONDS) for _ in "12"]
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
        return answers == [b"+OK\r\n", b"+PONG\r\n"]

    return check


def _command(*words: str) -> bytes:
    """Return a command in RESP, Redis' protocol: its words may have any character."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)
