"""Swagger UI and ReDoc, served by the service itself: they need no other host.

FastAPI's own pages load their files from a CDN, and start by a script in the page, which a content
security policy would have to allow. The files are those of the package fastapi-offline; its pages
have such a script, too.
"""

import asyncio
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from contracts.problems import ProblemType
from servicekit.problems import ProblemError

# Styles are inline, for both pages make them as they go; ReDoc searches in a worker.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SCRIPT, STYLE, IMAGE = "text/javascript", "text/css", "image/png"
OURS, VENDORED = "servicekit", "fastapi_offline"
# Where each file of the pages is, and its media type.
ASSETS = {
    "swagger-init.js": (OURS, SCRIPT),
    "redoc-init.js": (OURS, SCRIPT),
    "swagger-ui-bundle.js": (VENDORED, SCRIPT),
    "swagger-ui.css": (VENDORED, STYLE),
    "redoc.standalone.js": (VENDORED, SCRIPT),
    "favicon.png": (VENDORED, IMAGE),
}
# The only thing that ReDoc loads from elsewhere, a picture.
LOGO, NO_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,"
# Addresses are relative to the page, and so right below any prefix.
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="docs/favicon.png">
{style}</head>
<body>
<div id="{name}" data-document="openapi.json"></div>
<noscript>This page needs JavaScript. The OpenAPI document has the url: "openapi.json".</noscript>
<script src="docs/{library}"></script>
<script src="docs/{script}"></script>
</body>
</html>
"""


def docs_router(title: str) -> APIRouter:
    """Return the routes of both pages and their files.

    Args:
        title: The service's name.
    """
    router = APIRouter(include_in_schema=False)
    swagger_ui = PAGE.format(
        title=escape(f"{title} - Swagger UI"),
        style='<link rel="stylesheet" href="docs/swagger-ui.css">\n',
        name="swagger-ui",
        library="swagger-ui-bundle.js",
        script="swagger-init.js",
    )
    redoc = PAGE.format(
        title=escape(f"{title} - ReDoc"),
        style="",
        name="redoc",
        library="redoc.standalone.js",
        script="redoc-init.js",
    )

    @router.get("/docs")
    async def read_swagger_ui() -> HTMLResponse:
        return HTMLResponse(swagger_ui, headers={"Content-Security-Policy": POLICY})

    @router.get("/redoc")
    async def read_redoc() -> HTMLResponse:
        return HTMLResponse(redoc, headers={"Content-Security-Policy": POLICY})

    @router.get("/docs/{name}")
    async def read_asset(name: str) -> Response:
        if name not in ASSETS:
            raise ProblemError(ProblemType.NOT_FOUND, "The pages have no such file")
        content = await asyncio.to_thread(_content, name)
        headers = {"Cache-Control": "max-age=3600"}
        return Response(content, headers=headers, media_type=ASSETS[name][1])

    return router


@cache
def _content(name: str) -> bytes:
    package, _ = ASSETS[name]
    with (Path(str(files(package))) / "static" / name).open("rb") as file:
        return file.read().replace(LOGO, NO_LOGO)
