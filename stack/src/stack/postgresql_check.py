"""The readiness check of PostgreSQL, which takes connections only once it has recovered."""

import asyncio
import struct

from stack.readiness import ReadyCheck

_ANSWER_SECONDS = 2
_PROTOCOL = 196608  # 3.0
# https://www.postgresql.org/docs/current/protocol-message-formats.html: it asks for a password.
_AUTHENTICATION = b"R"


def postgresql_ready(host: str, port: int, user: str, database: str) -> ReadyCheck:
    """Return a check that begins to log in, and is asked for the password."""

    async def check() -> bool:
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        try:
            writer.write(_startup_message(user, database))
            answer = await asyncio.wait_for(reader.read(1), _ANSWER_SECONDS)
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
        return answer == _AUTHENTICATION

    return check


def _startup_message(user: str, database: str) -> bytes:
    words = ("user", user, "database", database)
    body = b"".join(word.encode() + b"\0" for word in words) + b"\0"
    return struct.pack("!ii", len(body) + 8, _PROTOCOL) + body
