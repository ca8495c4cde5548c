"""What an answer says of how long its peer is away."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from orchestrator.toolkit.peer_errors import PeerUnreachable, asked_to_wait, unreachable_peer
from orchestrator.toolkit.peers.answers import retry_after


def after(value: str) -> int | None:
    return retry_after(httpx.Response(503, headers={"retry-after": value}))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("9" * 400, 999_999_999),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0),
        *((nonsense, None) for nonsense in ("", "-1", "1.5", "soon", "٣", "99 bottles")),
    ],
)
def test_the_seconds_are_read_and_nonsense_is_none(value: str, seconds: int | None) -> None:
    assert retry_after(httpx.Response(503, headers={"retry-after": value.encode()})) == seconds


def test_a_date_is_read_as_the_seconds_until_then() -> None:
    then = datetime.now(UTC) + timedelta(seconds=90)
    assert after(format_datetime(then, usegmt=True)) in range(85, 92)
    assert retry_after(httpx.Response(503)) is None


def test_the_message_of_an_outage_has_them() -> None:
    assert asked_to_wait(str(PeerUnreachable("notifier", "503 no", 20))) == 20
    assert asked_to_wait(str(PeerUnreachable("notifier", "503 no", 0))) == 0
    assert asked_to_wait(str(PeerUnreachable("notifier", "503 no"))) == 0
    assert unreachable_peer(str(PeerUnreachable("notifier", "503 no", 20))) == "notifier"


def test_what_a_peer_says_otherwise_is_not_taken_for_them() -> None:
    said = "503 x unreachable: retry after 99 s, y"
    assert asked_to_wait(str(PeerUnreachable("notifier", said))) == 0
