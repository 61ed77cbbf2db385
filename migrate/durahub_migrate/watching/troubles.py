"""What an error says of how watching a hub goes."""

from durahub.errors import (
    DurahubError,
    EndpointBusy,
    EndpointDenied,
    HubNotFound,
    StorageDenied,
    StorageThrottled,
)
from durahub_migrate.monitor.hub import Health


def health_of(error: DurahubError) -> Health:
    """Return how a hub stands that answered with *error*."""
    match error:
        case HubNotFound():
            return Health.GONE
        case StorageThrottled() | EndpointBusy():
            return Health.THROTTLED
        case StorageDenied() | EndpointDenied():
            return Health.DENIED
    return Health.UNREACHABLE


def patience_of(error: DurahubError) -> float | None:
    """Return the seconds that storage asks for, if it does."""
    return error.seconds if isinstance(error, StorageThrottled) else None
