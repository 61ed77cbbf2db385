"""A request to storage and the answer to it, as plain values."""

from collections.abc import Mapping
from typing import NamedTuple


class Asked(NamedTuple):
    """A request. ``url`` is sent as it is spelled. Date and authorisation come in with each try."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None


class Answer(NamedTuple):
    """What came back, whole. ``headers`` are found in any case; the names are those that azure-core knows."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    request: Asked
    reason: str | None = None

    def text(self) -> str:
        """Return the content as text; what is no UTF-8 becomes U+FFFD."""
        return self.content.decode("utf-8-sig", "replace")
