"""The URIs by which an instance can be looked at and steered, as Durable Functions hands them out.

``{eventName}`` and ``{text}`` are for the caller to fill in.
"""

from dataclasses import dataclass, field
from urllib.parse import quote

PATH = "runtime/webhooks/durabletask"
DEFAULT_CONNECTION = "Storage"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the API is for a caller: ``http://host:port/…/durabletask``, its hub, and its key."""

    base: str
    hub: str
    connection: str = DEFAULT_CONNECTION
    key: str = field(default="", repr=False)

    @property
    def suffix(self) -> str:
        """The query parameters that every URI ends with."""
        both = f"taskHub={quote(self.hub, safe='')}&connection={quote(self.connection, safe='')}"
        return f"{both}&code={quote(self.key, safe='')}" if self.key else both


def management_payload(place: Place, instance_id: str) -> dict[str, str]:
    """Return the links of an instance, in the order of .NET's payload."""
    one = f"{place.base}/instances/{quote(instance_id, safe='')}"
    suffix = place.suffix
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{one}?{suffix}",
        "sendEventPostUri": f"{one}/raiseEvent/{{eventName}}?{suffix}",
        "terminatePostUri": f"{one}/terminate?reason={{text}}&{suffix}",
        "rewindPostUri": f"{one}/rewind?reason={{text}}&{suffix}",
        "purgeHistoryDeleteUri": f"{one}?{suffix}",
        "restartPostUri": f"{one}/restart?{suffix}",
        "suspendPostUri": f"{one}/suspend?reason={{text}}&{suffix}",
        "resumePostUri": f"{one}/resume?reason={{text}}&{suffix}",
    }
