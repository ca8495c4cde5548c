"""Wires the notifier and runs it: `python -m notifier.main`."""

from fastapi import FastAPI

from notifier.api import TAGS, inbox_router, notifications_router
from notifier.bootstrap import Notifier, open_notifier
from notifier.settings import Settings
from servicekit.app import Opener, build_app
from servicekit.server import serve


def create_app(settings: Settings, open_: Opener[Settings, Notifier] = open_notifier) -> FastAPI:
    """Return the notifier's application; its lifespan opens the state store."""
    return build_app(
        title="Taskway notifier",
        description="Delivers notifications to people, each exactly once, by inbox or e-mail.",
        tags=TAGS,
        settings=settings,
        open_=open_,
        routers=[notifications_router, inbox_router],
    )


def main() -> None:
    """Run the notifier until SIGTERM."""
    settings = Settings()
    serve("notifier", create_app(settings), settings)


if __name__ == "__main__":
    main()
