"""How our settings reach the SDK's worker."""

import pytest
from pydantic import ValidationError

from orchestrator.engine.worker import history_cache
from orchestrator.settings import Settings


def test_the_history_cache_has_the_bound_of_the_setting() -> None:
    assert history_cache(Settings(history_cache_max_bytes=1_000)) == {
        "disable_stateful_history": False,
        "history_cache_max_bytes": 1_000,
    }


def test_the_history_cache_is_bounded_by_default() -> None:
    assert 0 < history_cache(Settings())["history_cache_max_bytes"] <= 64 * 1024 * 1024


def test_a_bound_of_zero_disables_the_history_cache() -> None:
    # The SDK itself takes 0 for no bound.
    assert history_cache(Settings(history_cache_max_bytes=0))["disable_stateful_history"] is True


def test_a_negative_bound_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(history_cache_max_bytes=-1)
