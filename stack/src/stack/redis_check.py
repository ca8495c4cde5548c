"""The readiness check of Redis, which answers only once its data is loaded."""

from stack.readiness import ReadyCheck, answer_ready


def redis_ready(host: str, port: int, password: str) -> ReadyCheck:
    """Return a check that logs in and sends a PING."""
    request = _command("AUTH", password) + _command("PING")
    return answer_ready(host, port, request, b"+OK\r\n+PONG\r\n")


def _command(*words: str) -> bytes:
    """Return a command in RESP, Redis' protocol: its words may have any character."""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)
