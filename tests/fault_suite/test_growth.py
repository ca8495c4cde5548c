"""Memory that settles is the same; memory that goes on growing is not."""

import pytest

from support.fault_suite.growth import growing


def used(values: list[float]) -> list[dict[str, float]]:
    return [{"service": value, "steady": 50.0} for value in values]


def test_growth_that_ends_with_the_warm_up_is_none() -> None:
    assert list(growing(used([80, 100, 110, 118, *[120.0] * 6]))) == []


def test_a_round_with_more_is_no_growth() -> None:
    assert list(growing(used([100, 100, 100, 100, 100, 100, 100, 160, 101, 100]))) == []


def test_growth_by_the_same_amount_each_round_is_found() -> None:
    [found] = growing(used([100.0 + 5 * number for number in range(10)]))
    assert found.startswith("service grows: 125.0 MiB, and 140.0 MiB")


def test_a_few_rounds_tell_nothing() -> None:
    with pytest.raises(ValueError, match="10 are needed"):
        list(growing(used([100.0] * 9)))
