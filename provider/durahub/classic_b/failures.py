"""The one place where the SDK's errors become ours."""

import contextlib
from collections.abc import Iterator

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from durahub.errors import StorageDenied, StorageUnavailable

DENIED = frozenset({401, 403})


@contextlib.contextmanager
def storage_errors(account: str, *, passing: tuple[int, ...] = ()) -> Iterator[None]:
    """Turn the SDK's errors into `StorageDenied` and `StorageUnavailable`.

    Answers with a status in *passing* are the caller's: 404, 409 and 412 mean something there.
    """
    try:
        yield
    except HttpResponseError as error:
        if error.status_code in passing:
            raise
        if isinstance(error, ClientAuthenticationError) or error.status_code in DENIED:
            raise StorageDenied(account, _reason(error)) from None
        raise StorageUnavailable(account, _reason(error)) from error
    except (ServiceRequestError, ServiceResponseError) as error:
        raise StorageUnavailable(account, type(error).__name__) from error
    except AzureError as error:
        raise StorageUnavailable(account, type(error).__name__) from error


def _reason(error: HttpResponseError) -> str:
    """Return status and error code; the full text may name what was sent."""
    code = getattr(error, "error_code", None)
    return f"status {error.status_code}{f', {code}' if code else ''}"
