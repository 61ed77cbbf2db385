"""How much of a hub is read, and how fast."""

import hashlib
from dataclasses import dataclass

_WHOLE = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What the user allows.

    Every instance row is read. Histories, and payloads that stand in blobs, are those of a *share* of the
    instances: 0.01 is one in a hundred, always the same ones. *requests_per_second* and *requests*, in all,
    are limits for each source; ``None`` is no limit. With *count* the instances are counted beforehand, by
    one request for each 1,000, so that it can be told how long the rest takes.

    Without *tracking_prefix* the tables are looked for. *largest_payload* is in bytes: a blob that is larger,
    packed or unpacked, is reported and not read.
    """

    share: float = 1.0
    requests_per_second: float | None = None
    requests: int | None = None
    count: bool = True
    tracking_prefix: str | None = None
    largest_payload: int = 64 * 1024 * 1024

    @property
    def identity(self) -> str:
        """What decides which facts there are; limits of requests do not."""
        return f"share={self.share} tables={self.tracking_prefix} largest={self.largest_payload}"

    def takes(self, instance_id: str) -> bool:
        """Tell whether an instance is in the sample: its ID alone decides, so every run takes the same."""
        if self.share >= 1.0:
            return True
        digest = hashlib.sha256(instance_id.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") < self.share * _WHOLE
