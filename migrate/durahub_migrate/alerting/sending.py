"""Sends notices to receivers over HTTP.

A POST of JSON, with ``X-Durahub-Notice`` (the ID: whoever has had it drops it) and, with a key,
``X-Durahub-Timestamp`` and ``X-Durahub-Signature: sha256=HEX``, the HMAC-SHA256 of ``TIMESTAMP.BODY``: an old
notice cannot be played again later. Addresses are secrets: they are in no message.
"""

import asyncio
import hashlib
import hmac
from typing import Any

import aiohttp
import orjson
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
)

from durahub.dispatch.clock import Clock
from durahub.errors import NotDelivered
from durahub.model.ticks import to_unix
from durahub_migrate.alerting.settings import Form, Receiver
from durahub_migrate.monitor.alarms.notices import Notice, text_of
from durahub_migrate.monitor.json_form import to_json

TRIES = 3
AGAIN = frozenset({408, 425, 429})
"""Refusals that another try may overcome, as all from 500 on."""
_READ = 64 * 1024  # bytes of an answer; nothing in it matters


class Refuses(NotDelivered):
    """The receiver answered, and does not want this notice; another it may take."""


def body_of(notice: Notice, form: Form, link: str | None) -> bytes:
    """Return what is posted; *link* is where the monitor is, with a slash at its end."""
    text = text_of(notice, link)
    if form is Form.TEXT:
        return orjson.dumps({"text": text})
    told: dict[str, Any] = {
        "version": 1,
        "id": notice.id,
        "hub": notice.hub,
        "made": to_json(notice)["made"],
        "text": text,
        "link": f"{link}alerts" if link is not None else None,
        "alerts": [{"id": one.id, **to_json(one)} for one in notice.alerts],
    }
    return orjson.dumps(told)


def signature(key: str, timestamp: str, body: bytes) -> str:
    """Return ``sha256=HEX`` for a body that is sent at that Unix time."""
    made = hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"


class Sender:
    """Posts to one receiver. *within* is how long it may take to answer, *pause* that before a second try."""

    def __init__(
        self,
        receiver: Receiver,
        clock: Clock,
        *,
        link: str | None = None,
        within: float = 10.0,
        pause: float = 1.0,
    ) -> None:
        self.receiver = receiver
        self._clock = clock
        self._link = link
        self._within = within
        self._pause = pause

    async def send(self, notice: Notice) -> None:
        """Send a notice, a few times if need be. Raises `NotDelivered`, `Refuses`."""
        tries = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(multiplier=self._pause, max=30.0),
            retry=retry_if_exception(lambda e: type(e) is NotDelivered),
            reraise=True,
        )
        async for attempt in tries:
            with attempt:
                await self._post(notice)

    async def _post(self, notice: Notice) -> None:
        receiver = self.receiver
        body = body_of(notice, receiver.form, self._link)
        headers = {"content-type": "application/json", "x-durahub-notice": notice.id}
        if receiver.key is not None:
            timestamp = str(to_unix(self._clock())[0])
            headers["x-durahub-timestamp"] = timestamp
            headers["x-durahub-signature"] = signature(receiver.key, timestamp, body)
        timeout = aiohttp.ClientTimeout(total=self._within)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
                session.post(
                    # a redirect would take the notice where nobody has allowed it to go
                    receiver.url,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                ) as answer,
            ):
                await answer.content.read(_READ)
                status = answer.status
        except asyncio.TimeoutError:
            raise NotDelivered(receiver.name, f"no answer within {self._within:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotDelivered(receiver.name, f"no answer ({type(error).__name__})") from None
        if 200 <= status < 300:
            return
        if status in AGAIN or status >= 500:
            raise NotDelivered(receiver.name, f"it answered {status}")
        raise Refuses(receiver.name, f"it answered {status}")
