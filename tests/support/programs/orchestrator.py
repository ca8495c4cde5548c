"""The orchestrator with programs besides its own workflows: see `command`."""

import sys
from pathlib import Path

from orchestrator.main import main
from orchestrator.toolkit.catalogue import Catalogue, HostedWorkflow
from orchestrator.workflows.registrations import WORKFLOWS
from support.programs.activities import activities
from support.programs.routes import router
from support.programs.workflow import DEFINITION

PROGRAM = HostedWorkflow(definition=DEFINITION, activities=activities, routers=(router,))


def command() -> list[str]:
    """Return the command that runs it, for `Stack.start` and `StackOptions.commands`."""
    tests = Path(__file__).parents[2]
    return ["env", f"PYTHONPATH={tests}", sys.executable, "-m", "support.programs.orchestrator"]


if __name__ == "__main__":
    main(Catalogue([*WORKFLOWS, PROGRAM]))
