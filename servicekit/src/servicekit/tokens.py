"""The application's API token, by which only the sidecar may call it."""

import secrets
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader

from contracts.problems import ProblemType
from servicekit.problems import ProblemError

HEADER = APIKeyHeader(
    name="dapr-api-token", auto_error=False, description="The token that the sidecar adds"
)


def require_token(token: str) -> Any:
    """Return a dependency that answers 401 to a request without `token`.

    Dapr adds the token to each request that it forwards; the application has to check it.
    """

    async def check(given: Annotated[str | None, Security(HEADER)]) -> None:
        if given is None or not secrets.compare_digest(given.encode(), token.encode()):
            raise ProblemError(
                ProblemType.UNAUTHORIZED,
                "Call the service through its sidecar, or send its API token",
            )

    return Depends(check)
