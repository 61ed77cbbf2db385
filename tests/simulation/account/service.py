"""A storage account in memory: what arrives at it takes effect at once, at one moment of virtual time.

What is late, lost or refused on the way is `line`'s.
"""

from collections.abc import Callable, Mapping

from tests.simulation.account.blobs import BlobService
from tests.simulation.account.exchange import Refused, Reply, Request, refusal, request_to
from tests.simulation.account.instants import Instants
from tests.simulation.account.queues import Disorder, QueueService
from tests.simulation.account.tables import TableService

NAME = "simulated"
KEY = "c2ltdWxhdGVk"  # protects nothing
SERVICES = ("table", "queue", "blob")
ENDPOINTS = {service: f"https://{NAME}.{service}.core.windows.net" for service in SERVICES}
CONNECTION_STRING = f"AccountName={NAME};AccountKey={KEY}"


class StorageAccount:
    """Tables, queues and blobs of one account; *clock* gives virtual seconds."""

    def __init__(
        self,
        clock: Callable[[], float],
        disorder: Disorder | None = None,
        fewer: Callable[[int], int] = int,
    ) -> None:
        self.instants = Instants(clock)
        self.tables = TableService(self.instants, fewer)
        self.queues = QueueService(self.instants, disorder)
        self.blobs = BlobService(self.instants)

    def handle(self, request: Request) -> Reply:
        """Return what storage answers."""
        try:
            match request.service:
                case "table":
                    return self.tables.handle(request)
                case "queue":
                    return self.queues.handle(request)
                case _:
                    return self.blobs.handle(request)
        except Refused as refused:
            return refusal(request.service, refused)


def request_at(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Return the request to *url* of the simulated account."""
    for service, endpoint in ENDPOINTS.items():
        if url.startswith(endpoint):
            return request_to(service, endpoint, method, url, headers, body)
    raise ValueError(f"not an address of the account: {url}")
