"""How a name went lately: what charts show."""

from dataclasses import dataclass

from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Counts in steps of the same length, each of which begins at one of *times*.

    *started* and *ended* are how many were created and ended in a step, *failed* how many of the latter
    failed; *p50* and *p95* are the seconds that half and 95 % of those that ended in it did not exceed
    (``None`` where none ended).
    """

    times: tuple[Ticks, ...]
    started: tuple[int, ...]
    ended: tuple[int, ...]
    failed: tuple[int, ...]
    p50: tuple[float | None, ...]
    p95: tuple[float | None, ...]
