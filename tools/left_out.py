"""An operator of cosmic-ray that leaves out a statement which is a call, such as of a check."""

from collections.abc import Iterable

import parso
from cosmic_ray.operators.operator import Operator
from parso.python.tree import PythonNode
from parso.tree import NodeOrLeaf

Position = tuple[int, int]
CALLS = ("power", "atom_expr", "yield_expr")
"""What parso calls an expression with a call in it; a workflow yields what it waits for."""


class LeftOut(Operator):
    """Replaces a call that stands for itself by `pass`; log lines and docstrings are none."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterable[tuple[Position, Position]]:
        """Yield the place of a statement that can be left out."""
        if _is_call(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        """Return `pass` in place of the statement."""
        statement = parso.parse("pass").children[0]
        statement.get_first_leaf().prefix = node.get_first_leaf().prefix
        return statement

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return none: cosmic-ray's own tests use them."""
        return ()


def _is_call(node: NodeOrLeaf) -> bool:
    is_statement = node.parent is not None and node.parent.type == "simple_stmt"
    return (
        isinstance(node, PythonNode)
        and is_statement
        and node.type in CALLS
        and node.get_code().rstrip().endswith(")")
        and not node.get_code().lstrip().startswith("log.")
    )
