"""How much is read of one instance while somebody waits for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of live reads; what lies beyond is told as missing.

    *payload* is how many bytes a large text may have that is read with its row or event, *payloads* how many
    such texts are read with a history. *events* are those of a history that are read, *kept* those of all
    histories that stay in memory.
    """

    payload: int = 1024 * 1024
    payloads: int = 64
    events: int = 100_000
    kept: int = 300_000
