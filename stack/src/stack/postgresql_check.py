"""The readiness check of PostgreSQL, which takes connections only once it has recovered."""

import struct

from stack.readiness import ReadyCheck, answer_ready

_PROTOCOL = 196608  # 3.0
# https://www.postgresql.org/docs/current/protocol-message-formats.html: it asks for a password.
_AUTHENTICATION = b"R"


def postgresql_ready(host: str, port: int, user: str, database: str) -> ReadyCheck:
    """Return a check that begins to log in, and is asked for the password."""
    return answer_ready(host, port, _startup_message(user, database), _AUTHENTICATION)


def _startup_message(user: str, database: str) -> bytes:
    words = ("user", user, "database", database)
    body = b"".join(word.encode() + b"\0" for word in words) + b"\0"
    return struct.pack("!ii", len(body) + 8, _PROTOCOL) + body
