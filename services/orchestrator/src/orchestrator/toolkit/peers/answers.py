"""What an answer says of the peer that gave it: that it is away, and for how long."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

# Time-outs, rate limits and what cannot serve now (RFC 9110, 15.5.9 and 15.6.3 to 15.6.5; RFC 6585,
# 4; RFC 8470, 5.2): no judgement of the request, and no failure at it.
TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})


def retry_after(answer: httpx.Response) -> int | None:
    """Return how many seconds a peer asks to be left alone (RFC 9110, 10.2.3).

    Args:
        answer: Its answer.

    Returns:
        The seconds, from 0 on; None where its answer does not say, or makes no sense.
    """
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        # No peer is away for longer than can be counted; a date ends in the year 9999.
        return int(given[:9])
    try:
        at = parsedate_to_datetime(given)
    except ValueError:
        return None
    # A date without a zone is in UTC: RFC 5322, 3.3, of "-0000".
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, math.ceil((aware - datetime.now(UTC)).total_seconds()))
