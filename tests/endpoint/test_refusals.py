"""What an endpoint refuses: what is sent again, what is not, and what is told of it."""

from collections.abc import AsyncIterator

import grpc
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import (
    BadAddress,
    EndpointBusy,
    EndpointDenied,
    EndpointLacks,
    EndpointRejects,
    HubNotFound,
    InstanceExists,
    ServerUnavailable,
)
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.endpoint.tokens import Bearer, scope_of
from durahub_migrate.moving.place import EndpointAddress
from tests.endpoint.endpoints import client_of, foreign_endpoint, free_port, own_endpoint
from tests.endpoint.refusing_proxy import Fault, Proxy, refusing_proxy

BUSY = Fault(grpc.StatusCode.RESOURCE_EXHAUSTED)
GONE = Fault(grpc.StatusCode.UNAVAILABLE)
LOST = Fault(grpc.StatusCode.UNAVAILABLE, carried_out=True)
ORDER = pb.CreateInstanceRequest(instanceId="order-1", name="Order")


class CountingPace:
    """A pace that counts what it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, int]] = []
        self.answers = 0
        self.refusals: list[float | None] = []

    async def take(self, actions: int = 1, size: int = 0) -> None:
        self.taken.append((actions, size))

    def answered(self, seconds: float) -> None:
        self.answers += 1

    def refused(self, retry_after: float | None = None) -> None:
        self.refusals.append(retry_after)


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with foreign_endpoint() as address, refusing_proxy(address) as running:
        yield running


async def test_what_was_refused_for_want_of_room_is_sent_again(proxy: Proxy) -> None:
    pace = CountingPace()
    proxy.refuse("StartInstance", BUSY, GONE)
    async with client_of(proxy.address, pace=pace) as client:
        await client.start_instance(ORDER)
    assert proxy.seen["StartInstance"] == 3
    assert pace.refusals == [None, None]
    assert pace.answers == 1
    assert pace.taken == [(1, ORDER.ByteSize())] * 3


async def test_the_endpoint_says_how_long_it_wants_to_be_left_alone(proxy: Proxy) -> None:
    pace = CountingPace()
    proxy.refuse(
        "GetInstance",
        Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, trailing=(("retry-after-ms", "7"),)),
    )
    async with client_of(proxy.address, pace=pace) as client:
        assert await client.get_instance("order-1") is None
    assert pace.refusals == [0.007]


async def test_a_start_whose_answer_was_lost_meets_its_own_instance(proxy: Proxy) -> None:
    proxy.refuse("StartInstance", LOST)
    async with client_of(proxy.address) as client:
        with pytest.raises(InstanceExists):
            await client.start_instance(ORDER)


async def test_an_event_whose_answer_was_lost_is_not_raised_again(proxy: Proxy) -> None:
    async with client_of(proxy.address) as client:
        await client.start_instance(ORDER)
        proxy.refuse("RaiseEvent", LOST)
        with pytest.raises(ServerUnavailable, match=r"RaiseEvent: UNAVAILABLE"):
            await client.raise_event("order-1", "Paid", "1")
    assert proxy.seen["RaiseEvent"] == 1


async def test_an_event_for_which_there_was_no_room_is_raised_again(proxy: Proxy) -> None:
    async with client_of(proxy.address) as client:
        await client.start_instance(ORDER)
        proxy.refuse("RaiseEvent", BUSY)
        await client.raise_event("order-1", "Paid", "1")
    assert proxy.seen["RaiseEvent"] == 2


async def test_an_endpoint_without_room_for_too_long_is_told(proxy: Proxy) -> None:
    proxy.refuse("GetInstance", *[BUSY] * 9)
    async with client_of(proxy.address) as client:
        with pytest.raises(EndpointBusy, match=r"hub default has no room .* GetInstance"):
            await client.get_instance("order-1")
    assert proxy.seen["GetInstance"] == 4


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, EndpointDenied),
        (grpc.StatusCode.PERMISSION_DENIED, EndpointDenied),
        (grpc.StatusCode.INVALID_ARGUMENT, EndpointRejects),
        (grpc.StatusCode.INTERNAL, ServerUnavailable),
    ],
)
async def test_each_refusal_says_where_and_what(
    proxy: Proxy, code: grpc.StatusCode, error: type[Exception]
) -> None:
    proxy.refuse("GetInstance", Fault(code))
    async with client_of(proxy.address) as client:
        with pytest.raises(error, match=r"http://127\.0\.0\.1:\d+, hub default.*GetInstance"):
            await client.get_instance("order-1")
    assert proxy.seen["GetInstance"] == 1


async def test_a_history_that_breaks_off_is_read_again(proxy: Proxy) -> None:
    async with client_of(proxy.address) as client:
        await client.start_instance(ORDER)
        proxy.refuse("StreamInstanceHistory", GONE)
        assert await client.history("order-1") == []
    assert proxy.seen["StreamInstanceHistory"] == 2


async def test_a_hub_that_is_not_there_is_told() -> None:
    async with (
        own_endpoint() as address,
        client_of(EndpointAddress(address.url, "Nowhere")) as client,
    ):
        with pytest.raises(HubNotFound, match="Nowhere"):
            await client.get_instance("order-1")


async def test_a_service_that_is_not_offered_is_told() -> None:
    async with foreign_endpoint() as address, client_of(address) as client:
        with pytest.raises(EndpointLacks, match="Ping"):
            await BackendClient(client.wire).ping()


async def test_a_message_over_the_limit_is_told_at_once(proxy: Proxy) -> None:
    async with client_of(proxy.address) as client:
        request = pb.CreateInstanceRequest(instanceId="order-1", name="Order")
        request.input.value = "x" * 5_000_000
        with pytest.raises(EndpointRejects, match="StartInstance"):
            await client.start_instance(request)


async def test_an_endpoint_that_does_not_answer_is_told() -> None:
    address = EndpointAddress(f"http://127.0.0.1:{free_port()}", "orders")
    async with client_of(address) as client:
        with pytest.raises(ServerUnavailable, match="hub orders does not answer: GetInstance"):
            await client.get_instance("order-1")


async def test_every_call_names_the_hub(proxy: Proxy) -> None:
    async with client_of(proxy.address, headers=(("workerid", "ghost"),)) as client:
        await client.get_instance("order-1")
    assert proxy.metadata == [{"taskhub": "default", "workerid": "ghost"}]


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        ("https://shop.westeurope.durabletask.io", "https://durabletask.io/.default"),
        ("https://SHOP.westeurope.durabletask.io:443", "https://durabletask.io/.default"),
        (
            "https://shop.usgovvirginia.durabletask.azure.us",
            "https://durabletask.azure.us/.default",
        ),
        ("http://shop.westeurope.durabletask.io", None),
        ("https://localhost:8080", None),
        ("https://durabletask.io.example.com", None),
        ("https://evildurabletask.io", None),
    ],
)
def test_a_token_is_for_the_service_alone(url: str, scope: str | None) -> None:
    assert scope_of(url) == scope


class Issuer:
    """A credential that gives one token, or none."""

    def __init__(self, token: str | None) -> None:
        self.token = token

    async def get_token(self, *scopes: str, **options: object) -> AccessToken:
        if self.token is None:
            raise ClientAuthenticationError("the secret is hunter2")
        return AccessToken(f"{self.token} for {scopes[0]}", 0)


async def test_a_token_goes_into_the_header() -> None:
    bearer = Bearer(Issuer("abc"), "scope", "here")  # type: ignore[arg-type]
    assert await bearer.headers() == (("authorization", "Bearer abc for scope"),)


async def test_what_an_issuer_says_is_not_shown() -> None:
    bearer = Bearer(Issuer(None), "scope", "here")  # type: ignore[arg-type]
    with pytest.raises(EndpointDenied, match="here refuses access: no token for scope") as denied:
        await bearer.headers()
    assert "hunter2" not in str(denied.value)


@pytest.mark.parametrize(
    "url", ["http://host:port", "http://u:p@host", "http://host/path", "http://"]
)
async def test_an_endpoint_that_is_none_is_told(url: str) -> None:
    with pytest.raises(BadAddress):
        async with open_endpoint(EndpointAddress(url, "orders")):
            pass
