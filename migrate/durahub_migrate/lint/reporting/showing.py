"""What of a finding may be shown: payloads on demand only, and no IDs where they are personal data."""

from dataclasses import dataclass, replace

from durahub.errors import DurahubError
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.place import Place, PlaceKind

_NAMES = (PlaceKind.FILE, PlaceKind.HUB)  # their keys are names in files and of hubs


@dataclass(frozen=True, slots=True)
class Showing:
    """What the user wants to see.

    *redact*: keys are digests, no values, and the rule's message instead of a sentence that may quote them.
    *payloads*: the beginnings of users' payloads too. Redacting wins.
    """

    redact: bool = False
    payloads: bool = False

    def finding(self, finding: Finding, message: str) -> Finding:
        """Return *finding*, of a rule with *message*, as it may be shown."""
        if self.redact:
            in_file = finding.place.kind is PlaceKind.FILE
            detail = finding.detail if in_file and finding.head is None else message
            return replace(
                finding, place=self.place(finding.place), detail=detail, head=None, fix=None
            )
        if finding.private and not self.payloads:
            return replace(finding, head=None)
        return finding

    def place(self, place: Place) -> Place:
        """Return *place* as it may be shown."""
        if not self.redact or place.kind in _NAMES:
            return place
        return replace(place, key=f"sha256:{place.key_hash}")

    def error(self, error: DurahubError) -> str:
        """Return an error as it may be shown: its sentence may name an instance."""
        if not self.redact:
            return str(error)
        meaning = (type(error).__doc__ or "").strip().splitlines()
        return f"{error.code}: {meaning[0] if meaning else 'it could not be read'}"
