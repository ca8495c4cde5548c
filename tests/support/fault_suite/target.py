"""What the faults of a stack are made in."""

from dataclasses import dataclass
from typing import TypeAlias

from stack import Stack
from support.fault_suite import fault
from support.fault_suite.fault import LoadTarget
from support.fault_suite.links import Links


@dataclass(frozen=True)
class Target(LoadTarget):
    """What faults of a stack are made in."""

    stack: Stack
    links: Links


Fault: TypeAlias = fault.Fault[Target]
