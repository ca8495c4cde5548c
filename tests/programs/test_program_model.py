"""Random programs: a seed repeats them, and their model says what must come out."""

from collections import Counter

from support.programs import nodes
from support.programs.nodes import AnyNode, Effect, EffectFault, EffectKind, ProgramRequest, mix
from support.programs.program import Program


def program(*generations: AnyNode) -> Program:
    return Program(ProgramRequest(program_id="x", generations=list(generations)))


def effect(id_: int, **more: object) -> Effect:
    return Effect.model_validate({"id": id_, **more})


def test_a_seed_repeats_its_programs() -> None:
    first = [Program.generate(7, index).request() for index in range(50)]
    assert first == [Program.generate(7, index).request() for index in range(50)]
    assert first != [Program.generate(8, index).request() for index in range(50)]


def test_what_is_posted_is_the_whole_program() -> None:
    for index in range(50):
        drawn = Program.generate(1, index)
        assert ProgramRequest.model_validate(drawn.request()) == drawn.definition


def test_every_kind_of_node_fault_and_effect_is_drawn() -> None:
    drawn = [node for index in range(300) for node in Program.generate(1, index).nodes()]
    assert {type(node) for node in drawn} == set(nodes.KINDS)
    effects = [node for node in drawn if isinstance(node, Effect)]
    assert {node.kind for node in effects} == set(EffectKind)
    assert {node.fault for node in effects} == {None, *EffectFault}
    assert any(len(node.generations) > 1 for node in drawn if isinstance(node, nodes.Child))


def test_the_ids_of_a_program_are_its_own() -> None:
    for index in range(100):
        ids = [node.id for node in Program.generate(1, index).nodes() if hasattr(node, "id")]
        assert len(ids) == len(set(ids))


def test_waits_that_are_open_at_once_have_different_names() -> None:
    for index in range(300):
        for node in Program.generate(1, index).nodes():
            if isinstance(node, nodes.Parallel):
                names = [_events(branch) for branch in node.branches]
                assert sum(map(len, names)) == len(set().union(*names))


def _events(node: AnyNode) -> set[str]:
    whole = program(node)
    return {inner.name for inner in whole.nodes() if isinstance(inner, nodes.Event)}


def test_a_failure_compensates_what_came_before_in_reverse_order() -> None:
    steps = [effect(1), effect(2), effect(3, fault="refused-after"), effect(4)]
    expected = program(nodes.Sequence(steps=[*steps])).expected()
    names = ["record-3", "record-2", "record-1"]
    assert expected.output == {"outcome": "compensated", "digest": 0, "compensated": names}
    assert expected.effects == expected.undone == Counter(names)


def test_what_was_not_made_is_not_compensated_and_a_notification_stays() -> None:
    steps = [effect(1, kind="notification"), effect(2, fault="exhausted")]
    expected = program(nodes.Sequence(steps=[*steps])).expected()
    assert expected.output["compensated"] == []
    assert (expected.effects, expected.undone) == (Counter(["notification-1"]), Counter())


def test_a_scope_ends_a_failure() -> None:
    scope = nodes.Scope(body=effect(1, fault="refused-after"))
    expected = program(nodes.Sequence(steps=[scope, effect(2)])).expected()
    assert expected.output["compensated"] == ["record-1"]
    assert expected.output["outcome"] == "completed"
    assert expected.undone == Counter(["record-1"])


def test_every_branch_ends_before_one_fails() -> None:
    branches = [effect(1, fault="refused"), effect(2)]
    for node in (nodes.Parallel(branches=[*branches]), nodes.FanOut(tasks=[*branches])):
        expected = program(node).expected()
        assert (expected.effects, expected.undone) == (Counter(["record-2"]),) * 2


def test_an_event_counts_where_it_was_accepted() -> None:
    waiting = program(nodes.Event(id=1, name="signal-1", value=9, deadline_milliseconds=1_000))
    assert waiting.expected().output["digest"] == mix(0, 9)
    assert waiting.expected(accepted=()).output["digest"] != mix(0, 9)
