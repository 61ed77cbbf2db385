"""A browser without a page: httpx against the application, with its cookies and its token."""

from typing import Any

import httpx
from starlette.types import ASGIApp

from tests.monitor.web.contract import CONTRACT

HERE = "http://localhost:8083"


class Browser(httpx.AsyncClient):
    """Keeps cookies; after `start` it sends a session's token. Every response is held against OpenAPI."""

    def __init__(
        self, app: ASGIApp, base: str = HERE, *, address: str = "127.0.0.1", **more: Any
    ) -> None:
        transport = httpx.ASGITransport(app=app, client=(address, 50_000))
        hooks = {"response": [_keeps_to_the_contract]}
        super().__init__(transport=transport, base_url=base, event_hooks=hooks, **more)

    async def start(self) -> dict[str, Any]:
        """Ask for the session, and send its token from now on."""
        session: dict[str, Any] = (await self.get("/api/session")).json()
        self.headers["x-durahub-csrf"] = session["csrf"]
        return session

    async def json(self, path: str, **query: Any) -> Any:
        """Return what a path answers. Fails where that is an error."""
        answer = await self.get(path, params=query)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()


async def _keeps_to_the_contract(response: httpx.Response) -> None:
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        await response.aread()
        CONTRACT.check(response)
