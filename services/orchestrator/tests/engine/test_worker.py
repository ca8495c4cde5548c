"""How our settings reach the SDK's worker."""

import pytest
from pydantic import ValidationError

from orchestrator.engine.worker import history_cache
from orchestrator.settings import Settings


def test_histories_are_kept_within_the_bytes_of_the_setting() -> None:
    assert history_cache(Settings(history_cache_max_bytes=1_000)) == {
        "disable_stateful_history": False,
        "history_cache_max_bytes": 1_000,
    }


def test_the_default_has_a_bound() -> None:
    assert 0 < history_cache(Settings())["history_cache_max_bytes"] <= 64 * 1024 * 1024


def test_none_are_kept_where_there_is_no_room() -> None:
    # The SDK alone would take 0 for no bound at all.
    assert history_cache(Settings(history_cache_max_bytes=0))["disable_stateful_history"] is True


def test_room_cannot_be_negative() -> None:
    with pytest.raises(ValidationError):
        Settings(history_cache_max_bytes=-1)
