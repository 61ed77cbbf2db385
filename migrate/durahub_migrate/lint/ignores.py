"""Findings that do not count, because somebody said so and why."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.selection import fits_any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """An entry ``[[lint.ignore-finding]]``. *rule* is a code or its beginning.

    *where* is a pattern (``*``, ``?``, ``[ab]``) for a hub's name or address, an instance's ID or a file's
    path. *hub* limits it to the hub in whose table it stands. It counts up to the day *until*
    (``2027-01-31``), that day included. *origin* is how messages call it.
    """

    rule: str
    reason: str
    where: str = "*"
    until: str | None = None
    hub: str | None = None
    origin: str = ""

    def is_expired(self, today: str) -> bool:
        """Return whether it counts no more; *today* is written as *until* is."""
        return self.until is not None and today > self.until

    def fits(self, finding: Finding, hub: str | None) -> bool:
        """Return whether it speaks of *finding*, which is in *hub*."""
        if not fits_any(finding.code, (self.rule,)):
            return False
        if self.hub is not None and (hub is None or hub.casefold() != self.hub.casefold()):
            return False
        place = finding.place
        names = [place.source, place.source.replace("\\", "/")]
        if place.kind is not PlaceKind.FILE:
            names += [place.key, hub or ""]
        return any(fnmatchcase(name, self.where) for name in names)
