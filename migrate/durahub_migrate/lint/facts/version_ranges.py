"""Ranges of versions as NuGet and extension bundles write them: ``1.2.2``, ``[4.*, 5.0.0)``, ``(,2.0]``."""

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

_RANGE = re.compile(r"([\[(])\s*([^,\s]*)\s*(?:(,)\s*([^,\s]*)\s*)?([\])])")
_FLOATING = re.compile(r"((?:\d+\.)*)\*")


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A range that is taken at its upper end, where a float or a bound is; else its one version.

    *highest* is ``None`` where there is no bound.
    """

    highest: Version | None
    is_inclusive: bool

    def reaches(self, version: str) -> bool:
        """Tell whether *version*, or a later one, is within the range."""
        wanted = Version(version)
        if self.highest is None or self.highest > wanted:
            return True
        return self.is_inclusive and self.highest == wanted


def version_range(text: str) -> VersionRange | None:
    """Return the range that *text* is, ``None`` if it cannot be told."""
    text = text.strip()
    found = _RANGE.fullmatch(text)
    if found is None:
        return _single(text)
    _, low, comma, high, closing = found.groups()
    if comma is None:
        return _single(low)
    if not high:
        return VersionRange(None, False)
    bound = _single(high)
    if bound is None or bound.highest is None:
        return bound
    return VersionRange(bound.highest, closing == "]" and bound.is_inclusive)


def _single(text: str) -> VersionRange | None:
    floating = _FLOATING.fullmatch(text)
    if floating is not None:
        parts = [int(part) for part in floating[1].split(".") if part]
        if not parts:
            return VersionRange(None, False)
        following = [*parts[:-1], parts[-1] + 1]
        return VersionRange(Version(".".join(map(str, following))), False)
    try:
        return VersionRange(Version(text), True)
    except InvalidVersion:
        return None
