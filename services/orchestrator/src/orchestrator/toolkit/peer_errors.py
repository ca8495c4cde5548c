"""How a call to a peer fails, and how a workflow tells an outage from another failure."""


class PeerUnavailable(Exception):
    """The peer failed, by an error of its own: a few more attempts are worth it."""


class PeerUnreachable(PeerUnavailable):
    """The peer cannot be reached, timed out, or said that it cannot serve now: an outage.

    Histories have the name of this class and the beginning of its message: they never change.
    """

    def __init__(self, peer: str, detail: str) -> None:
        """Say which peer it is, and what was found."""
        super().__init__(f"{peer} unreachable: {detail}")


def is_outage(error_type: str | None) -> bool:
    """Return whether a failure, by the type that a history has of it, is an outage."""
    return error_type == PeerUnreachable.__name__


def unreachable_peer(message: str) -> str:
    """Return which peer an outage is of, by the message that a history has of it."""
    return message.partition(" unreachable: ")[0]
