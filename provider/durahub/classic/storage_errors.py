"""What storage says no with, and how it becomes an error of ours. The only place that does this.

Messages hold status and code of the answer, never its text: that quotes what was signed, or a row.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from durahub.classic.asked import Answer
from durahub.classic.credentials import NoIssuer
from durahub.classic.refusals import Way, why_no_token, why_refused
from durahub.classic.unreachable import why_unreachable
from durahub.errors import HubNotFound, StorageDenied, StorageUnavailable

_HUB_GONE = frozenset({"QueueNotFound", "TableNotFound", "QueueBeingDeleted", "TableBeingDeleted"})
_REFUSALS = frozenset({"NoAuthenticationInformation", "AuthorizationFailure"})
BEING_DELETED = frozenset({"QueueBeingDeleted", "TableBeingDeleted", "ContainerBeingDeleted"})


def _nowhere(url: str) -> str:
    return url[:0]


class StorageErrors:
    """Makes the errors of one hub on one account. *service_of* tells which service an address is of."""

    def __init__(self, account: str, hub: str, service_of: Callable[[str], str] = _nowhere) -> None:
        self._account = account
        self._hub = hub
        self._service_of = service_of
        self._translated = _Translated(self)

    def translated(self) -> "_Translated":
        """Raise what the body raises of the SDK as `HubNotFound`, `StorageDenied`, `StorageUnavailable`."""
        return self._translated

    def of_error(
        self, error: BaseException
    ) -> HubNotFound | StorageDenied | StorageUnavailable | None:
        """Return our error for the SDK's *error*, ``None`` for any other."""
        match error:
            case NoIssuer():
                why = f"no tokens are issued: {why_unreachable(error.inner_exception)}"
                return StorageUnavailable(self._account, why)
            case ClientAuthenticationError(response=None):
                return StorageDenied(self._account, why_no_token(str(error)))
            case HttpResponseError():
                request = getattr(error.response, "request", None)
                return self.of(error.status_code or 0, code_of(error), request)
            case ServiceRequestError() | ServiceResponseError():
                said = why_unreachable(error.inner_exception or error)
                return StorageUnavailable(self._account, said)
            case AzureError():
                return StorageUnavailable(self._account, type(error).__name__)
            case asyncio.TimeoutError():
                return StorageUnavailable(self._account, "no answer in time")
            case UnreadableAnswer():
                return StorageUnavailable(self._account, "an answer that cannot be read")
        return None

    def of(
        self, status: int, code: str, request: Any = None
    ) -> HubNotFound | StorageDenied | StorageUnavailable:
        """Return the error for an answer with *status* and storage's error *code* to *request*."""
        if code in _HUB_GONE:
            return HubNotFound(self._hub, store=self.store)
        said = f"{status} {code}".strip()
        if status not in (401, 403) and code not in _REFUSALS:
            return StorageUnavailable(self._account, said)
        service = self._service_of(request.url) if request is not None else ""
        why = why_refused(code, service, _way(request))
        where = f"its {service} service: " if service else ""
        return StorageDenied(self._account, f"{where}{said}{'; ' if why else ''}{why}")

    @property
    def store(self) -> str:
        """The account, for people."""
        return f"storage account {self._account}"

    def unless(self, response: Answer, *expected: int) -> None:
        """Raise the error for *response* unless its status is among the *expected*."""
        if response.status_code not in expected:
            raise self.of(response.status_code, response_code(response), response.request)


class UnreadableAnswer(Exception):
    """An answer with the right status is not what storage writes: it is cut off, or of a proxy."""


class _Translated:
    """The body of a ``with``; a generator for it would take as long as a signature."""

    __slots__ = ("_errors",)

    def __init__(self, errors: StorageErrors) -> None:
        self._errors = errors

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        found = None if error is None else self._errors.of_error(error)
        if found is not None:
            raise found from error


def response_code(response: Answer) -> str:
    """Return storage's error code of an answer, e.g. ``"PopReceiptMismatch"``."""
    header = response.headers.get("x-ms-error-code")
    if header:
        return str(header)
    for before, after in (('"code":"', '"'), ("<Code>", "</Code>")):
        _, found, rest = response.text().partition(before)
        if found:
            return rest.partition(after)[0]
    return ""


def code_of(error: HttpResponseError) -> str:
    """Return storage's error code of an SDK's error."""
    code = getattr(error, "error_code", None)
    if code is None:
        return ""
    return str(getattr(code, "value", code))


def _way(request: Any) -> Way | None:
    """Return how *request* was authorised, ``None`` if that is not known."""
    if request is None:
        return None
    authorization = str(request.headers.get("Authorization", ""))
    if authorization.startswith("Bearer"):
        return Way.TOKEN
    if authorization.startswith("SharedKey"):
        return Way.KEY
    return Way.SIGNATURE if "sig=" in request.url else None
