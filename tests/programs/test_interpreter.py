"""The interpreter of programs does what their model says, over the engine of the test kit."""

import pytest

from support.programs.program import Program
from support.programs.simulation import Simulation


@pytest.mark.parametrize("start", range(0, 200, 100))
def test_the_interpreter_does_what_the_model_says(start: int) -> None:
    for index in range(start, start + 100):
        drawn, simulation = Program.generate(1, index), Simulation()
        run, expected = simulation.run(drawn), drawn.expected()
        assert run.output == expected.output, index
        assert (simulation.effects, simulation.undone) == (expected.effects, expected.undone), index
