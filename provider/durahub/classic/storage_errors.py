"""What storage says no with, and how it becomes an error of ours. The only place that does this.

Messages hold status and code of the answer, never its text: that quotes what was signed, or a row.
"""

import asyncio
import contextlib
from collections.abc import Iterator

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.rest import AsyncHttpResponse

from durahub.errors import HubNotFound, StorageDenied, StorageUnavailable

_HUB_GONE = frozenset({"QueueNotFound", "TableNotFound", "QueueBeingDeleted", "TableBeingDeleted"})
BEING_DELETED = frozenset({"QueueBeingDeleted", "TableBeingDeleted", "ContainerBeingDeleted"})


class StorageErrors:
    """Makes the errors of one hub on one account."""

    def __init__(self, account: str, hub: str) -> None:
        self._account = account
        self._hub = hub

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Raise what the body raises of the SDK as `HubNotFound`, `StorageDenied`, `StorageUnavailable`."""
        try:
            yield
        except ClientAuthenticationError as error:
            raise StorageDenied(self._account, _said(error)) from error
        except HttpResponseError as error:
            raise self.of(error.status_code or 0, code_of(error)) from error
        except (ServiceRequestError, ServiceResponseError) as error:
            raise StorageUnavailable(self._account, _unreachable(error)) from error
        except AzureError as error:
            raise StorageUnavailable(self._account, type(error).__name__) from error
        except asyncio.TimeoutError as error:
            raise StorageUnavailable(self._account, "no answer in time") from error

    def of(self, status: int, code: str) -> HubNotFound | StorageDenied | StorageUnavailable:
        """Return the error for an answer with *status* and storage's error *code*."""
        if code in _HUB_GONE:
            return HubNotFound(self._hub)
        said = f"{status} {code}".strip()
        if status in (401, 403):
            return StorageDenied(self._account, said)
        return StorageUnavailable(self._account, said)

    def unless(self, response: AsyncHttpResponse, *expected: int) -> None:
        """Raise the error for *response* unless its status is among the *expected*."""
        if response.status_code not in expected:
            raise self.of(response.status_code, response_code(response))


def response_code(response: AsyncHttpResponse) -> str:
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


def _said(error: ClientAuthenticationError) -> str:
    if error.status_code is None:
        return "no credential of the environment could be used"
    return f"{error.status_code} {code_of(error)}".strip()


def _unreachable(error: ServiceRequestError | ServiceResponseError) -> str:
    cause = error.inner_exception
    return type(cause).__name__ if cause is not None else type(error).__name__
