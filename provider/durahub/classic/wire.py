"""The hot requests: built here by hand, first sent without detours, and tried again as the SDK does it.

Rare requests (queues, tables and containers as such, blobs) go through the SDK's clients. The ten that
every orchestration is made of are our own, for two reasons. The SDK turns table times into ``datetime``,
which has no seventh decimal, and a lost tick changes an orchestrator's clock. And it spends 4 ms of CPU
on a ten-row transaction, 0.3 ms on the smallest request, where the way here takes a quarter of that.

Nearly every request is answered at the first try. So that goes straight to the connection pool. What it
fails with, or is refused with, is given to azure-core's pipeline as the outcome of its own first try: its
policies decide as they always do whether, when and how often to try again, or to get another token.
"""

from collections.abc import Callable, Mapping
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import HttpRequest
from yarl import URL

from durahub import __version__
from durahub.classic.asked import Answer, Asked
from durahub.classic.bearer import BearerToken
from durahub.classic.connection import AccountKey, SharedAccess
from durahub.classic.signing import Signer
from durahub.classic.transport import CountedTransport

RETRIES = 4
BACKOFF = (0.3, 5.0)  # seconds: the factor that doubles, and the longest pause
_REFUSED = 400  # the first status that is a refusal
# none of our own answers is worth packing
_ALWAYS = {"User-Agent": f"durahub/{__version__}", "Accept-Encoding": "identity"}

Access = AccountKey | SharedAccess | AsyncTokenCredential


class Wire:
    """Sends requests to one service, signed and retried."""

    def __init__(
        self,
        transport: CountedTransport,
        endpoint: str,
        access: Access,
        signer: Callable[[AccountKey], Signer],
    ) -> None:
        self.endpoint = endpoint
        self.transport = transport
        address = URL(endpoint)
        self._origin = address.origin()
        self._path = address.raw_path.rstrip("/")
        self._signature = ""
        self._signer: Signer | None = None
        self._bearer: BearerToken | None = None
        match access:
            case AccountKey():
                self._signer = signer(access)
            case SharedAccess(token):
                self._signature = URL(f"{endpoint}/?{token}").raw_query_string
            case _:
                self._bearer = BearerToken(access)
        self._pipeline: AsyncPipeline[HttpRequest, Any] = AsyncPipeline(
            _Tries(self), policies=[retry_policy(), *([self._bearer] if self._bearer else [])]
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> Answer:
        """Send a request; *path* is encoded and may have a query. Any status is an answer.

        Raises azure-core's ``AzureError`` when there is none.
        """
        resource, _, query = path.partition("?")
        if self._signature:
            query = f"{query}&{self._signature}" if query else self._signature
        asked = Asked(
            method,
            self._origin,
            f"{self._path}/{resource}",
            query,
            {**_ALWAYS, **headers},
            content,
        )
        outcome: Answer | AzureError | None = None
        token = {} if self._bearer is None else self._bearer.known_headers()
        if token is not None:
            try:
                outcome = await self.try_once(asked, token)
            except AzureError as error:
                outcome = error
            else:
                if outcome.status_code < _REFUSED:
                    return outcome
        return await self._go_on(asked, outcome)

    async def try_once(self, asked: Asked, token: Mapping[str, str]) -> Answer:
        """Send *asked*, each try with its own date, and with the headers of a *token* if one is used."""
        headers = {**asked.headers, **token} if self._signer is None else self._signer.sign(asked)
        return await self.transport.ask(asked._replace(headers=headers))

    async def _go_on(self, asked: Asked, outcome: Answer | AzureError | None) -> Answer:
        """Send *asked* through the pipeline, for which *outcome* was the first try, if there was one."""
        request = HttpRequest(asked.method, asked.url)  # what the policies look at
        had = [outcome]
        answer: Answer = (await self._pipeline.run(request, asked=asked, had=had)).http_response
        return answer


class _Tries(AsyncHttpTransport[HttpRequest, Any]):
    """What the pipeline takes for its transport: outcomes that we had before, then tries of a wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def send(  # type: ignore[override]  # who runs the pipeline names them
        self, request: HttpRequest, *, asked: Asked, had: list[Answer | AzureError | None], **_: Any
    ) -> Answer:
        """Return or raise what was *had*, or send *asked* with the headers of a token in *request*.

        What was had is ``None`` where nothing was sent yet, for want of a token.
        """
        if not had:
            self._wire.transport.count_retry(asked)
            answer = await self._wire.try_once(asked, request.headers)
            return answer._replace(repeated=True)
        outcome = had.pop()
        if outcome is None:
            return await self._wire.try_once(asked, request.headers)
        if isinstance(outcome, Answer):
            return outcome
        raise outcome

    async def sleep(self, duration: float) -> None:
        """Pause as the transport pauses for the SDK's clients."""
        await self._wire.transport.sleep(duration)

    async def open(self) -> None:
        """Do nothing: the connections are the other transport's."""

    async def close(self) -> None:
        """Do nothing."""

    async def __aexit__(self, *_: object) -> None:
        """Do nothing."""


def retry_policy() -> AsyncRetryPolicy[Any, Any]:
    """Return how often a request is tried again when storage is busy or cannot be reached."""
    return AsyncRetryPolicy(
        retry_total=RETRIES, retry_backoff_factor=BACKOFF[0], retry_backoff_max=BACKOFF[1]
    )
