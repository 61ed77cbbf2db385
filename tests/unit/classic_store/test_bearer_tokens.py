"""Tokens on requests that we build ourselves: cached, renewed when refused, of the account's tenant."""

import time
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest

from durahub.classic.bearer import BearerToken


class Issuer:
    """Issues ``token-1``, ``token-2`` …; ``asked`` has the tenants that were asked of."""

    def __init__(self, lives: int = 3600) -> None:
        self.asked: list[str | None] = []
        self.scopes: set[str] = set()
        self.lives = lives

    async def get_token(self, *scopes: str, tenant_id: str | None = None, **_: Any) -> AccessToken:
        self.asked.append(tenant_id)
        self.scopes |= set(scopes)
        return AccessToken(f"token-{len(self.asked)}", int(time.time()) + self.lives)

    async def close(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


class Answer:
    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status_code = status
        self.headers = headers


class Service(AsyncHttpTransport[Any, Any]):
    """Takes one token alone."""

    def __init__(self, takes: str, challenge: str) -> None:
        self.takes = takes
        self.challenge = challenge
        self.seen: list[dict[str, str]] = []

    async def send(self, request: Any, **_: Any) -> Any:
        self.seen.append(dict(request.headers))
        if request.headers["Authorization"] == f"Bearer {self.takes}":
            return Answer(200, {})
        return Answer(401, {"WWW-Authenticate": self.challenge} if self.challenge else {})

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


CHALLENGE = "Bearer authorization_uri=https://login.microsoftonline.com/theirs/oauth2/authorize"


async def ask(service: Service, policy: BearerToken, url: str = "https://shop.queue.x/q") -> int:
    pipeline: AsyncPipeline[Any, Any] = AsyncPipeline(service, policies=[policy])
    answer = await pipeline.run(HttpRequest("GET", url))
    return int(answer.http_response.status_code)


async def test_a_token_is_asked_for_once_and_goes_with_a_date() -> None:
    issuer, service = Issuer(), Service("token-1", "")
    policy = BearerToken(issuer)

    assert [await ask(service, policy) for _ in range(3)] == [200] * 3
    assert issuer.asked == [None]
    assert issuer.scopes == {"https://storage.azure.com/.default"}
    assert all("x-ms-date" in headers for headers in service.seen)


async def test_a_token_that_ends_soon_is_renewed_before_it_is_refused() -> None:
    issuer, service = Issuer(lives=10), Service("token-2", "")
    policy = BearerToken(issuer)
    await ask(service, policy)

    assert await ask(service, policy) == 200
    assert issuer.asked == [None, None]


async def test_a_refused_token_is_asked_again_of_the_account_s_tenant() -> None:
    issuer, service = Issuer(), Service("token-2", CHALLENGE)

    assert await ask(service, BearerToken(issuer)) == 200
    assert issuer.asked == [None, "theirs"]


async def test_a_second_refusal_is_an_answer() -> None:
    service = Service("none", CHALLENGE)

    assert await ask(service, BearerToken(Issuer())) == 401
    assert len(service.seen) == 2


async def test_no_token_is_sent_without_tls() -> None:
    service = Service("token-1", "")

    with pytest.raises(ServiceRequestError):
        await ask(service, BearerToken(Issuer()), "http://shop.queue.x/q")
    assert service.seen == []
