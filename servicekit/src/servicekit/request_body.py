"""Reads the body of a request in ASGI middleware, and hands it on."""

from starlette.types import Message, Receive


async def read_body(receive: Receive) -> bytes | None:
    """Return the body of a request, or None where the client is gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that yields a body that was read, and then what comes."""
    replayed = False

    async def again() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
