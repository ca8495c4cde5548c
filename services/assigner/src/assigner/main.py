"""Wires the assigner and runs it: `python -m assigner.main`."""

from fastapi import FastAPI

from assigner.api import TAGS, assignments_router, members_router
from assigner.bootstrap import Assigner, open_assigner
from assigner.settings import Settings
from servicekit.app import Opener, build_app
from servicekit.server import serve


def create_app(settings: Settings, open_: Opener[Settings, Assigner] = open_assigner) -> FastAPI:
    """Return the assigner's application; its lifespan opens the state store."""
    return build_app(
        title="Taskway assigner",
        description="Assigns tasks to members by name or by skills, within their capacity.",
        tags=TAGS,
        settings=settings,
        open_=open_,
        routers=[assignments_router, members_router],
    )


def main() -> None:
    """Run the assigner until SIGTERM."""
    settings = Settings()
    serve("assigner", create_app(settings), settings)


if __name__ == "__main__":
    main()
