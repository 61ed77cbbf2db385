"""Which task hub a request to the scheduler's API means."""

from starlette.requests import Request

from durahub.edge.hub import Hub
from durahub.edge.metadata import HubDirectory

HEADER = "x-taskhub"


async def called_hub(directory: HubDirectory, request: Request) -> Hub:
    """Return the hub that the header names, the default one without. Raises `HubNotFound`."""
    return await directory.find(called_name(directory, request))


def called_name(directory: HubDirectory, request: Request) -> str:
    """Return the name in the header, that of the default hub without."""
    return request.headers.get(HEADER, "").strip() or directory.default
