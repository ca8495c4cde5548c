"""The orchestrator of another release: `python older_orchestrator.py CODE`.

CODE is `version-1`, which is the code before the reminder: version 1 alone; `version-2`, which is
that of versions 1 and 2, of which the second has a patch; or `without-version-1`, which is today's
code from which the earlier versions were removed too early. All else is today's orchestrator.
"""

import dataclasses
import sys

from orchestrator.main import main
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from orchestrator.workflows.purchase.workflow import DEFINITION
from orchestrator.workflows.registrations import WORKFLOWS


def of_release(code: str) -> Definition:
    """Return the definition of purchase approval in that release."""
    if code == "version-1":
        return dataclasses.replace(
            DEFINITION,
            workflow=DEFINITION.previous_versions["1"],
            version="1",
            previous_versions={},
        )
    if code == "version-2":
        return dataclasses.replace(
            DEFINITION,
            workflow=DEFINITION.previous_versions["2"],
            version="2",
            previous_versions={"1": DEFINITION.previous_versions["1"]},
        )
    if code == "without-version-1":
        return dataclasses.replace(DEFINITION, previous_versions={})
    raise SystemExit(f"no such code: {code}")


def run(code: str) -> None:
    """Run the orchestrator with that code until SIGTERM."""
    definition = of_release(code)
    main(
        Catalogue(
            dataclasses.replace(workflow, definition=definition)
            if workflow.definition is DEFINITION
            else workflow
            for workflow in WORKFLOWS
        )
    )


if __name__ == "__main__":
    run(sys.argv[1])
