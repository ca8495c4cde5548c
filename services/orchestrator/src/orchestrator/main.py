"""Wires the orchestrator and runs it: `python -m orchestrator.main`."""

from functools import partial

from fastapi import FastAPI

from orchestrator.api.deps import Orchestrator
from orchestrator.api.routers import routers, tags
from orchestrator.bootstrap import open_orchestrator
from orchestrator.settings import Settings
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.workflows.registrations import WORKFLOWS
from servicekit.app import Opener, build_app
from servicekit.server import serve


def create_app(
    settings: Settings,
    catalogue: Catalogue | None = None,
    open_: Opener[Settings, Orchestrator] | None = None,
) -> FastAPI:
    """Return the orchestrator's application; it starts its worker when it starts.

    Args:
        settings: The service's settings.
        catalogue: The workflows to host; all of the package by default.
        open_: Opens what the routes depend on; the composition root by default.
    """
    hosted = catalogue or Catalogue(WORKFLOWS)
    app = build_app(
        title="Taskway",
        description="Durable task processing on Dapr Workflow: what is accepted here is carried "
        "through, whichever process is killed on the way.",
        tags=tags(hosted),
        settings=settings,
        open_=open_ or partial(open_orchestrator, hosted),
        routers=routers(hosted),
        answers_in=lambda opened: opened.store,
    )
    app.state.catalogue = hosted
    return app


def main(catalogue: Catalogue | None = None) -> None:
    """Run the orchestrator until SIGTERM."""
    settings = Settings()
    serve("orchestrator", create_app(settings, catalogue), settings)


if __name__ == "__main__":
    main()
