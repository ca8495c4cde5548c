"""Ports that no other stack uses."""

import socket
from contextlib import closing

import pytest

from stack.errors import StackError
from stack.ports import HOST, PortBlock


def in_order(bases: list[int]) -> None:
    """Leave the candidates as they are, so that two blocks want the same one."""


def test_two_stacks_never_get_the_same_port() -> None:
    with closing(PortBlock.claim(in_order)) as one, closing(PortBlock.claim(in_order)) as other:
        mine = {one.take() for _ in range(20)}
        theirs = {other.take() for _ in range(20)}
    assert len(mine) == len(theirs) == 20
    assert not mine & theirs


def test_a_preferred_port_is_allocated_once() -> None:
    with closing(PortBlock.claim()) as one, closing(PortBlock.claim()) as other:
        wanted = one.take()
        assert one.take(prefer=wanted) == wanted
        assert other.take(prefer=wanted) != wanted


def test_a_port_in_use_is_skipped() -> None:
    with closing(PortBlock.claim()) as block, closing(socket.socket()) as other:
        other.bind((HOST, 0))
        other.listen()
        assert block.take(prefer=other.getsockname()[1]) != other.getsockname()[1]


def test_an_exhausted_block_is_an_error() -> None:
    with closing(PortBlock.claim()) as block, pytest.raises(StackError, match="too many ports"):
        list(iter(block.take, None))
