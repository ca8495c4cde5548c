"""The buffer of changes is bounded."""

from orchestrator.visibility.change_feed import Change, ChangeFeed


def test_the_oldest_changes_are_discarded() -> None:
    feed = ChangeFeed(max_changes=2)
    for number in range(5):
        feed.publish(Change(f"{number}", None))
    assert feed.since(3) == [Change("3", None), Change("4", None)]
    assert feed.since(2) is None
    assert feed.since(5) == []
    assert feed.since(6) is None
