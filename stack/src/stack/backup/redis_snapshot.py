"""A snapshot of Redis while others write to it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis, ResponseError

from stack.errors import StackError

# Longer than the fork of a snapshot takes, and shorter than a sidecar waits for an answer.
_PAUSE_MILLISECONDS = 5_000
_ANSWER_SECONDS = 10
_POLL_SECONDS = 0.1


class RedisSnapshots:
    """Has Redis write snapshots, and hold writes for the moment in which one begins.

    Args:
        address: host:port.
        password: That of the user `default`, who may use BGSAVE and CLIENT.
    """

    def __init__(self, address: str, password: str) -> None:
        host, _, port = address.rpartition(":")
        self._redis = Redis(
            host,
            int(port),
            password=password,
            socket_timeout=_ANSWER_SECONDS,
            decode_responses=True,
            # All on one connection, which ends with this.
            single_connection_client=True,
        )

    @contextmanager
    def held_writes(self) -> Iterator[None]:
        """Have every write wait; Redis ends that by itself after some seconds.

        Raises:
            RedisError: Redis does not answer, or is older than 6.2.
        """
        self._redis.client_pause(_PAUSE_MILLISECONDS, all=False)
        try:
            yield
        finally:
            self._redis.client_unpause()

    def begin(self) -> bool:
        """Begin a snapshot of what Redis has now, in its file `dump.rdb`.

        Returns:
            Whether it began: Redis refuses while it writes another file of its own.
        """
        try:
            # Answered after the fork, which is the point in time.
            self._redis.bgsave(schedule=False)
        except ResponseError as error:
            if "in progress" in str(error) or "rewriting" in str(error):
                return False
            raise
        return True

    def wait_written(self, seconds: float) -> None:
        """Return when the snapshot is on disk.

        Raises:
            StackError: It failed, or takes longer.
            RedisError: Redis does not answer.
        """
        deadline = time.monotonic() + seconds
        while (state := self._redis.info("persistence"))["rdb_bgsave_in_progress"]:
            if time.monotonic() > deadline:
                raise StackError(f"Redis has not written its snapshot after {seconds:.0f} s.")
            time.sleep(_POLL_SECONDS)
        if state["rdb_last_bgsave_status"] != "ok":
            raise StackError("Redis could not write its snapshot: see its log.")

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()
