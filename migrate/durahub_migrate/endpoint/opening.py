"""Opens the endpoint that an address names."""

import contextlib
import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import grpc
import grpc.aio

from durahub.classic.credentials import credential_of
from durahub.classic.identity import Identity
from durahub.errors import BadAddress
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.presenting import Presenting, presenting_of
from durahub_migrate.endpoint.tokens import Authorization, Bearer, Nobody, Static
from durahub_migrate.endpoint.wire import CHANNEL_OPTIONS, Patience, Wire
from durahub_migrate.moving.pace import Pace, Unhurried
from durahub_migrate.moving.place import EndpointAddress

_PORTS = {"http": 80, "https": 443}


@contextlib.asynccontextmanager
async def open_endpoint(
    address: EndpointAddress,
    *,
    identity: Identity | None = None,
    pace: Pace | None = None,
    patience: Patience | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    presenting: Presenting | None = None,
) -> AsyncIterator[EndpointClient]:
    """Open a hub for the body; nothing is sent before the first call. Raises `BadAddress`, `BadSetting`.

    *identity* is who asks, of the service in Azure. *headers* go with every call: ``workerid`` of a worker.
    *presenting* is what another server is shown; without it, what the environment tells.
    """
    shown = presenting if presenting is not None else presenting_of(os.environ)
    place = f"{address.url}, hub {address.hub}"
    async with contextlib.AsyncExitStack() as stack:
        authorization: Authorization = Nobody()
        scope, token = shown.scope_for(address.url), shown.static_token_for(address.url)
        if scope is not None:
            credential = await stack.enter_async_context(credential_of(identity or Identity()))
            authorization = Bearer(credential, scope, place)
        elif token is not None:
            authorization = Static(token)
        channel = await stack.enter_async_context(_channel(address, shown))
        yield EndpointClient(
            Wire(
                channel,
                place,
                address.hub,
                authorization,
                pace or Unhurried(),
                patience or Patience(),
                headers=headers,
            )
        )


def _channel(address: EndpointAddress, shown: Presenting) -> grpc.aio.Channel:
    parts = urlsplit(address.url)
    scheme = parts.scheme.lower()
    try:
        port = parts.port or _PORTS[scheme]
    except (ValueError, KeyError):
        raise BadAddress(str(address), "its endpoint has no port that can be one") from None
    if not parts.hostname or parts.path.strip("/") or parts.username or parts.password:
        raise BadAddress(str(address), "an endpoint is https://HOST or http://HOST:PORT")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    target = f"{host}:{port}"
    if scheme == "https":
        credentials = shown.channel_credentials()
        return grpc.aio.secure_channel(target, credentials, options=CHANNEL_OPTIONS)
    return grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
