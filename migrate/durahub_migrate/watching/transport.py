"""The way to storage of whoever watches: within the budget, and nothing is written.

Storage that asks for patience, and an account that does not answer, are told at once instead of after the
retries that a server has the time for: the sweep comes again by itself, and nobody sits in front of it.
"""

import contextvars
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core.exceptions import ServiceRequestTimeoutError, ServiceResponseTimeoutError

from durahub.classic.asked import Answer, Asked
from durahub.classic.proxies import ProxyOf, no_proxy
from durahub.classic.request_counts import RequestCounter
from durahub.classic.transport import CountedTransport
from durahub.errors import StorageThrottled, StorageUnavailable
from durahub.model.ticks import Ticks, from_datetime
from durahub_migrate.lint.sources.read_only import check
from durahub_migrate.watching.budget import RequestBudget

ANSWERS_WITHIN = 15.0
"""Seconds without a byte after which an account counts as one that does not answer."""
_THROTTLED = frozenset({429, 503})
_PATIENCE = 30.0  # seconds, where storage does not say how long
_TIMEOUTS = (ServiceRequestTimeoutError, ServiceResponseTimeoutError)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What a request of this task came back with last: the seconds that storage asks for, or silence."""

    patience: float | None


_trouble: contextvars.ContextVar[_Trouble | None] = contextvars.ContextVar("trouble", default=None)


class StorageClock:
    """What time it is where the rows are stamped, by the answers that came from there."""

    def __init__(self) -> None:
        self.last: Ticks | None = None

    def note(self, date: str | None) -> None:
        """Take note of the header ``Date`` of an answer: it has whole seconds."""
        if date is None:
            return
        try:
            self.last = from_datetime(parsedate_to_datetime(date))
        except (TypeError, ValueError, OverflowError):
            return


class BudgetedTransport(CountedTransport):
    """A transport that keeps to a *budget*. *account* is how errors call it."""

    def __init__(
        self,
        counter: RequestCounter,
        *,
        budget: RequestBudget,
        account: str,
        storage_clock: StorageClock | None = None,
        answers_within: float = ANSWERS_WITHIN,
        proxy_of: ProxyOf = no_proxy,
    ) -> None:
        super().__init__(counter, proxy_of=proxy_of, read_timeout=answers_within)
        self._budget = budget
        self._account = account
        self._clock = storage_clock or StorageClock()
        self._answers_within = answers_within

    async def send(self, request: Any, **config: Any) -> Any:
        """Send a request of the SDK's."""
        self.check(request.method, request.url)
        await self._budget.take()
        _trouble.set(None)
        try:
            response = await super().send(request, **config)
        except _TIMEOUTS:
            _trouble.set(_Trouble(None))
            raise
        self._note(response.status_code, response.headers.get)
        return response

    async def ask(self, asked: Asked) -> Answer:
        """Send a request of our own."""
        self.check(asked.method, asked.url)
        await self._budget.take()
        _trouble.set(None)
        try:
            answer = await super().ask(asked)
        except _TIMEOUTS:
            _trouble.set(_Trouble(None))
            raise
        self._note(answer.status_code, answer.headers.get)
        return answer

    async def sleep(self, duration: float) -> None:
        """Pause before a retry. Raises `StorageThrottled` or `StorageUnavailable` instead of a long one."""
        match _trouble.get():
            case _Trouble(patience=None):
                problem = f"no answer within {self._answers_within:g} s"
                raise StorageUnavailable(self._account, problem)
            case _Trouble(patience=float() as patience):
                raise StorageThrottled(self._account, patience)
        await super().sleep(duration)

    def check(self, method: str, url: str) -> None:
        """Let everything through; those that may not write refuse here."""

    def _note(self, status: int, header: Callable[[str], Any]) -> None:
        self._clock.note(header("Date"))
        if status in _THROTTLED:
            _trouble.set(_Trouble(_seconds(header("Retry-After"))))


class WatchingTransport(BudgetedTransport):
    """One that lets nothing through but reading."""

    def check(self, method: str, url: str) -> None:
        """Raise `WouldWrite` where a request could change the hub."""
        check(method, url)


def _seconds(retry_after: str | None) -> float:
    try:
        return max(0.0, float(retry_after or ""))
    except ValueError:
        return _PATIENCE
