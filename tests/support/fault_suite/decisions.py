"""The decisions of a run, as a checker of linearizability takes them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from support.fault_suite.client import Call
from support.fault_suite.instance import TOO_LATE, Instance
from support.fault_suite.linearizability import Attempt, linearizable


def decision_problems(instances: Sequence[Instance], calls: Iterable[Call]) -> Iterator[str]:
    """Yield the decisions whose answers no order of the calls explains."""
    # What comes before its wait is refused, and decides nothing.
    attempts: dict[str, dict[str, list[Attempt]]] = defaultdict(lambda: defaultdict(list))
    early = {instance.name for instance in instances if instance.case.early}
    for call in calls:
        if "/events/" in call.path and not (call.subject in early and call.status in TOO_LATE):
            attempts[call.subject][_register(call)].append(_attempt(call))
    for instance in instances:
        for register, tried in attempts[instance.name].items():
            decided = _decided(instance, register)
            if not linearizable(tried, decided):
                answers = [(a.value, a.accepted) for a in tried]
                yield f"{instance.id}: {register} was decided as {decided}, after {answers}"


def _register(call: Call) -> str:
    """Return what a call decides: what has a kind is decided for each kind."""
    return f"{call.body['kind']}" if "kind" in call.body else "decision"


def _value(event: str, payload: object) -> str:
    return f"{event} {json.dumps(payload, sort_keys=True)}"


def _attempt(call: Call) -> Attempt:
    value = _value(call.path.rpartition("/")[2], call.body)
    known = call.status is not None and (call.status < 300 or call.status in TOO_LATE)
    # What was answered 'not now', or not at all, may still happen.
    if not known or call.ended is None:
        return Attempt(value, call.began)
    return Attempt(value, call.began, call.ended, call.status not in TOO_LATE)


def _decided(instance: Instance, register: str) -> str | None:
    """Return the choice that the instance's output shows, if it ended by one."""
    if instance.ended is None or register != "decision":
        return None
    choices = {
        choice.outcome: _value(choice.event, dict(choice.payload))
        for decision in instance.case.decisions
        for choice in decision.choices
        if choice.outcome
    }
    return choices.get(instance.outcome or "")
