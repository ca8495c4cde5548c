"""The mix of the load: every workflow, in each of the ways that it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from support.fault_suite.case import Case, Effects
from support.fault_suite.people import People


@dataclass(frozen=True)
class Making:
    """What a case is made of.

    Args:
        name: The caller's id of the instance.
        people: Who takes part.
        random: Draws the rest.
        web: An address to monitor, which answers 200.
    """

    name: str
    people: People
    random: Random
    web: str

    @property
    def member(self) -> str:
        """Somebody who is assigned something, or notified."""
        return self.people.pick("member", self.random)


Make = Callable[[Making], Case]
ASSIGNED = {"assign": "held"}
RELEASED = {"assign": "released"}


def task(making: Making) -> Case:
    """A task that is assigned."""
    return Case(
        "task: completed",
        "/tasks/process",
        {"task_id": making.name, "title": "T", "assignee": making.member},
        "completed",
        Effects(ASSIGNED, ("notify",)),
        undone=frozenset({"failed"}),
        unrecallable=("notify",),
    )


def rejected_task(making: Making) -> Case:
    """A task without a title."""
    request = {"task_id": making.name, "title": "", "assignee": making.member}
    failed = frozenset({"failed"})
    return Case("task: rejected", "/tasks/process", request, "rejected", undone=failed)


def hello(making: Making) -> Case:
    """A greeting, with a child, a timer and a retried step."""
    simulate = making.random.choice([None, "retries"])
    request = {"hello_id": making.name, "user_name": "ada", "simulate": simulate}
    return Case(
        "hello: completed", "/hello", request, "completed", undone=frozenset({"compensated"})
    )


def compensated_hello(making: Making) -> Case:
    """A greeting that is taken back."""
    request = {"hello_id": making.name, "user_name": "ada", "simulate": "failure"}
    return Case("hello: compensated", "/hello", request, "compensated")


def application(making: Making) -> Case:
    """An application that leads to an interview."""
    text = "Six years of Python and SQL, REST interfaces, Kubernetes and Redis."
    return _application(making, text, "interview", Effects(ASSIGNED, ("recruiter", "candidate")))


def declined_application(making: Making) -> Case:
    """An application that is declined."""
    return _application(making, "Ten years of C++.", "declined", Effects({}, ("candidate",)))


def _application(making: Making, text: str, outcome: str, effects: Effects) -> Case:
    request = {
        "application_id": making.name,
        "position": "backend-engineer",
        "name": "Noor Haddad",
        "email": making.member,
        "text": text,
    }
    return Case(
        f"application: {outcome}",
        "/applications",
        request,
        outcome,
        effects,
        undone=frozenset({"failed"}),
        unrecallable=effects.notifications,
    )
