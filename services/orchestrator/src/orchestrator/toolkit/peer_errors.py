"""How a call to a peer fails, and how a workflow tells an outage from another failure."""

import re

_ASKED_TO_WAIT = re.compile(r"[^:]* unreachable: retry after (\d{1,12}) s, ")


class PeerUnavailable(Exception):
    """The peer failed, by an error of its own: a few more attempts are worth it."""


class PeerUnreachable(PeerUnavailable):
    """The peer cannot be reached, timed out, or said that it cannot serve now: an outage.

    Histories have the name of this class and the beginning of its message: they never change.
    """

    def __init__(self, peer: str, detail: str, retry_after: int | None = None) -> None:
        """Say which peer it is, and what was found.

        Args:
            peer: Its name, for people.
            detail: How it failed to answer.
            retry_after: How many seconds it asks to be left alone, if it does.
        """
        asked = "" if retry_after is None else f"retry after {retry_after} s, "
        super().__init__(f"{peer} unreachable: {asked}{detail}")


def is_outage(error_type: str | None) -> bool:
    """Return whether a failure, by the type that a history has of it, is an outage."""
    return error_type == PeerUnreachable.__name__


def unreachable_peer(message: str) -> str:
    """Return which peer an outage is of, by the message that a history has of it."""
    return message.partition(" unreachable: ")[0]


def asked_to_wait(message: str) -> int:
    """Return for how many seconds a peer asked to be left alone, by the message of its outage."""
    asked = _ASKED_TO_WAIT.match(message)
    return int(asked[1]) if asked else 0
