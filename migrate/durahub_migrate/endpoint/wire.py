"""One channel to an endpoint: each call at the mover's pace, sent again where that does no harm."""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_random_exponential

from durahub_migrate.endpoint.refusals import (
    Call,
    error_of,
    is_throttled,
    is_unanswered,
    pause_of,
)
from durahub_migrate.endpoint.rpcs import Rpc
from durahub_migrate.endpoint.tokens import Authorization
from durahub_migrate.moving.pace import Pace

Found = TypeVar("Found")

CHANNEL_OPTIONS = (
    # Histories, work items and pages are as large as they are; the endpoint has limits of its own.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call is waited for, and how often it is sent; all in seconds."""

    deadline: float = 60.0
    attempts: int = 8
    first_pause: float = 0.2
    longest_pause: float = 20.0


@dataclass(slots=True)
class Wire:
    """A channel, and what every call through it has in common."""

    channel: grpc.aio.Channel
    place: str  # "http://localhost:8080, hub orders"
    hub: str
    authorization: Authorization
    pace: Pace
    patience: Patience = Patience()
    monotonic: Callable[[], float] = time.monotonic
    headers: tuple[tuple[str, str], ...] = ()

    async def call(
        self, rpc: Rpc, request: Message, about: str = "", headers: dict[str, str] | None = None
    ) -> Any:
        """Return the answer; those of its *headers* that are texts are put there.

        Raises a `durahub.errors.DurahubError`; *about* is the instance or the token.
        """

        async def once() -> Any:
            method = self.channel.unary_unary(
                rpc.path,
                request_serializer=_bytes_of,
                response_deserializer=rpc.answer.FromString,
            )
            call = method(request, metadata=await self._metadata(), timeout=self.patience.deadline)
            answer = await call
            if headers is not None:
                found = await call.initial_metadata()
                headers.update({key: one for key, one in found if isinstance(one, str)})
            return answer

        return await self._again(rpc, request.ByteSize(), once, about)

    async def collect(self, rpc: Rpc, request: Message, about: str = "") -> list[Any]:
        """Return all messages of a stream that ends by itself."""

        async def once() -> list[Any]:
            stream = self._stream(rpc)(
                request, metadata=await self._metadata(), timeout=self.patience.deadline
            )
            return [message async for message in stream]

        found: list[Any] = await self._again(rpc, request.ByteSize(), once, about)
        return found

    @contextlib.asynccontextmanager
    async def open(self, rpc: Rpc, request: Message) -> AsyncIterator[AsyncIterator[Any]]:
        """Open a stream without an end for the body, which iterates over its messages."""
        await self.pace.take()
        stream = self._stream(rpc)(request, metadata=await self._metadata())
        try:
            yield self._messages(rpc, stream)
        finally:
            stream.cancel()

    async def _messages(self, rpc: Rpc, stream: Any) -> AsyncIterator[Any]:
        try:
            async for message in stream:
                yield message
        except grpc.aio.AioRpcError as error:
            self._note(error)
            raise error_of(error, Call(self.place, rpc.name)) from None

    def _stream(self, rpc: Rpc) -> Any:
        return self.channel.unary_stream(
            rpc.path,
            request_serializer=_bytes_of,
            response_deserializer=rpc.answer.FromString,
        )

    async def _again(
        self, rpc: Rpc, size: int, once: Callable[[], Awaitable[Found]], about: str
    ) -> Found:
        def may_be_sent_again(error: BaseException) -> bool:
            if not isinstance(error, grpc.aio.AioRpcError):
                return False
            return is_throttled(error) or (rpc.repeatable and is_unanswered(error))

        patience = self.patience
        pauses = wait_random_exponential(patience.first_pause, patience.longest_pause)
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception(may_be_sent_again),
                stop=stop_after_attempt(patience.attempts),
                wait=_AsTold(pauses, patience.longest_pause),
                reraise=True,
            ):
                with attempt:
                    return await self._paced(size, once)
        except grpc.aio.AioRpcError as error:
            completes = rpc.name.startswith(("Complete", "Abandon", "Release"))
            raise error_of(error, Call(self.place, rpc.name, about, completes)) from None
        raise AssertionError("the last attempt returns or raises")

    async def _paced(self, size: int, once: Callable[[], Awaitable[Found]]) -> Found:
        await self.pace.take(1, size)
        began = self.monotonic()
        try:
            found = await once()
        except grpc.aio.AioRpcError as error:
            self._note(error, self.monotonic() - began)
            raise
        self.pace.answered(self.monotonic() - began)
        return found

    def _note(self, error: grpc.aio.AioRpcError, seconds: float = 0.0) -> None:
        if is_throttled(error) or error.code() is grpc.StatusCode.UNAVAILABLE:
            self.pace.refused(pause_of(error))
        elif not is_unanswered(error):
            self.pace.answered(seconds)

    async def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (("taskhub", self.hub), *self.headers, *await self.authorization.headers())


def _bytes_of(message: Message) -> bytes:
    return message.SerializeToString()


class _AsTold(wait_base):
    """Waits as long as the endpoint asks for, else as *otherwise* says."""

    def __init__(self, otherwise: wait_base, longest: float) -> None:
        self._otherwise = otherwise
        self._longest = longest

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome is not None else None
        told = pause_of(error) if isinstance(error, grpc.aio.AioRpcError) else None
        return self._otherwise(retry_state) if told is None else min(told, self._longest)
