"""A request to storage and the answer to it, as plain values."""

from collections.abc import Mapping
from typing import NamedTuple

from yarl import URL


class Asked(NamedTuple):
    """A request. Date and authorisation come in with each try.

    ``origin`` is like ``"https://shop.queue.core.windows.net"``; ``path`` begins with a slash, and is
    sent as it is spelled, as is ``query``.
    """

    method: str
    origin: URL
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes | None

    @property
    def url(self) -> str:
        """The whole address."""
        return (
            f"{self.origin}{self.path}?{self.query}" if self.query else f"{self.origin}{self.path}"
        )


class Answer(NamedTuple):
    """What came back, whole. ``headers`` are found in any case; the names are those that azure-core knows.

    ``repeated``: the request was sent before, and that one may have had its effect too.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    request: Asked
    reason: str | None = None
    repeated: bool = False

    def text(self) -> str:
        """Return the content as text; what is no UTF-8 becomes U+FFFD."""
        return self.content.decode("utf-8-sig", "replace")
