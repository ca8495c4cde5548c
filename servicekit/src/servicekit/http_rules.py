"""The rules of HTTP that every service follows, whatever its routes are."""

from fastapi import FastAPI

from servicekit.head import HeadAsGet
from servicekit.hosts import AllowedHosts
from servicekit.limits import BodyLimit
from servicekit.origins import SameOrigin
from servicekit.prefixes import PathPrefix
from servicekit.query_rules import QueryRules
from servicekit.request_deadline import RequestDeadline
from servicekit.request_rules import RequestRules
from servicekit.security_headers import SecurityHeaders
from servicekit.settings import ServiceSettings
from servicekit.unhandled import UnhandledErrors


def install_http_rules(app: FastAPI, settings: ServiceSettings) -> None:
    """Add the middleware of the rules to an application, the innermost first."""
    app.add_middleware(QueryRules)
    app.add_middleware(RequestRules, max_depth=settings.max_json_depth)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(PathPrefix, root_path=settings.root_path)
    app.add_middleware(SameOrigin, trusted=settings.trusted_origins)
    app.add_middleware(AllowedHosts, allowed=settings.allowed_hosts)
    app.add_middleware(RequestDeadline, seconds=settings.request_timeout_seconds)
    app.add_middleware(UnhandledErrors)
    app.add_middleware(HeadAsGet)
    app.add_middleware(SecurityHeaders)
