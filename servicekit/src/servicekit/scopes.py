"""Runs an application with another scope than that of the middleware outside."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


async def run_with(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, changed: dict[str, Any]
) -> None:
    """Run an application with a scope in which some keys have other values.

    The scope itself keeps its own, so that no metric or span has a label of the caller's choice; it
    gets the route that answered, by which metrics are labelled.

    Args:
        app: The application.
        scope: The scope of the connection.
        receive: Its messages.
        send: Takes its answer.
        changed: The keys and their values.
    """
    inner = {**scope, **changed}
    try:
        await app(inner, receive, send)
    finally:
        if "route" in inner:
            scope["route"] = inner["route"]
