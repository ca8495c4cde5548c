"""Prometheus, by its API."""

from typing import Any

import httpx


class Prometheus:
    """Asks Prometheus.

    Args:
        http: A client whose base URL is Prometheus'.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def query(self, expr: str) -> list[dict[str, Any]]:
        """Return what an expression has now, as a list of series with a value each."""
        answer = await self._http.get("/api/v1/query", params={"query": expr})
        assert answer.status_code == 200, f"{expr}: {answer.text}"
        data: dict[str, Any] = answer.json()["data"]
        return [data["result"]] if data["resultType"] == "scalar" else list(data["result"])

    async def targets(self) -> list[dict[str, Any]]:
        """Return what it reads, with how that went."""
        return list((await self._data("/api/v1/targets"))["activeTargets"])

    async def alerts(self) -> dict[str, dict[str, Any]]:
        """Return its rules for alerts, by their names."""
        groups = (await self._data("/api/v1/rules"))["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    async def _data(self, path: str) -> dict[str, Any]:
        answer = await self._http.get(path)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data
