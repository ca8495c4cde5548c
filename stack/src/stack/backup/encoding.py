"""How etcd's JSON API writes keys."""

import base64


def encode(key: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(key).decode("ascii")


def decode(text: str) -> bytes:
    """Return what `encode` took."""
    return base64.b64decode(text)


def successor(prefix: bytes) -> bytes:
    """Return the first key after all those that begin with a prefix, whose last byte is not 255."""
    return prefix[:-1] + bytes([prefix[-1] + 1])
