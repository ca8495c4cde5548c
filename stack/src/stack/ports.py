"""Allocates ports that no other stack uses."""

import random
import socket
from collections.abc import Callable
from contextlib import closing

from stack.errors import StackError

HOST = "127.0.0.1"
# Below the ephemeral ranges of Linux (32768) and macOS (49152): a port whose process is down must
# not be taken by an outgoing connection, not even by one that tries to reach that very port.
_FIRST, _LAST, _BLOCK = 20000, 32000, 32
# Above the blocks: where a preferred port such as 8000 is claimed, for two stacks that start at
# once would both find it free.
_CLAIMS, _CLAIM_COUNT = 32000, 700


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port now."""
    return all(_binds(host, port) for host in (HOST, ""))


def _binds(host: str, port: int) -> bool:
    with closing(socket.socket()) as probe:
        # As servers do: a connection that lingers from the last run is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


class PortBlock:
    """A range of ports that no other stack on this machine uses while this one is open.

    The first port is bound as a claim on the whole block, so that two stacks which start at once
    cannot pick the same ports.
    """

    def __init__(self, claim: socket.socket) -> None:
        self._claims = [claim]
        base = claim.getsockname()[1]
        self._ports = iter(range(base + 1, base + _BLOCK))

    @classmethod
    def claim(cls, shuffle: Callable[[list[int]], None] = random.shuffle) -> "PortBlock":
        """Return a block that nobody has claimed.

        Args:
            shuffle: Orders the candidates in place.

        Raises:
            StackError: Every block is claimed.
        """
        bases = list(range(_FIRST, _LAST, _BLOCK))
        shuffle(bases)
        for base in bases:
            if claim := _bind(base):
                return cls(claim)
        raise StackError(f"No free ports between {_FIRST} and {_LAST}.")

    def take(self, prefer: int | None = None) -> int:
        """Return a free port: the preferred one where possible, else the block's next.

        Raises:
            StackError: The block has no free port left.
        """
        if prefer is not None and is_free(prefer):
            claim = _bind(_CLAIMS + prefer % _CLAIM_COUNT)
            if claim:
                self._claims.append(claim)
                return prefer
        for port in self._ports:
            if is_free(port):
                return port
        raise StackError("Other programs use too many ports; try again.")

    def close(self) -> None:
        """Release the block."""
        for claim in self._claims:
            claim.close()


def _bind(port: int) -> socket.socket | None:
    """Bind a port without listening on it, or return None where it is in use."""
    claim = socket.socket()
    try:
        claim.bind((HOST, port))
    except OSError:
        claim.close()
        return None
    return claim
