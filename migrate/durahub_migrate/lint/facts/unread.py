"""What a source could not read: rules that need it are not evaluated, and the run is not complete."""

from dataclasses import dataclass

from durahub.errors import DurahubError
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.place import Place


@dataclass(frozen=True, slots=True)
class Unread:
    """Evidence that is missing, where, and why. With *can_go_on* a later run may read the rest."""

    need: Need
    place: Place
    error: DurahubError
    can_go_on: bool = False
