"""Wires the orchestrator and runs it: `python -m orchestrator.main`."""

from fastapi import FastAPI

from orchestrator.api.routers import TAGS, routers
from orchestrator.bootstrap import Orchestrator, open_orchestrator
from orchestrator.settings import Settings
from servicekit.app import Opener, build_app
from servicekit.server import serve


def create_app(
    settings: Settings, open_: Opener[Settings, Orchestrator] = open_orchestrator
) -> FastAPI:
    """Return the orchestrator's application; it starts its worker when it starts."""
    return build_app(
        title="Taskway",
        description="Durable task processing on Dapr Workflow: what is accepted here is carried "
        "through, whichever process is killed on the way.",
        tags=TAGS,
        settings=settings,
        open_=open_,
        routers=routers,
    )


def main() -> None:
    """Run the orchestrator until SIGTERM."""
    settings = Settings()
    serve("orchestrator", create_app(settings), settings)


if __name__ == "__main__":
    main()
