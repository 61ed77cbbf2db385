"""The tags by which an instance at a target tells which job has put it there, and what of."""

from collections.abc import Mapping
from dataclasses import dataclass

from durahub_migrate.bundle.semantics import OWN_TAGS
from durahub_migrate.moving.units import Unit

JOB, DIGEST = f"{OWN_TAGS}job", f"{OWN_TAGS}digest"
"""All tags of an instance may have 1,000 bytes together, and can never be changed: so these are short."""

_LONGEST = 16  # characters of each value


@dataclass(frozen=True, slots=True)
class Marks:
    """Tells what a job has made. *job* is its ID; without one nothing is marked (``--no-tags``)."""

    job: str = ""

    def of(self, unit: Unit) -> Mapping[str, str]:
        """Return the tags for the instances of a unit."""
        if not self.job:
            return {}
        return {JOB: self.job[:_LONGEST], DIGEST: unit.digest[:_LONGEST]}

    def are_on(self, tags: Mapping[str, str], unit: Unit) -> bool:
        """Tell whether an instance with such tags was made by this job of this unit."""
        wanted = self.of(unit)
        return bool(wanted) and all(tags.get(name) == value for name, value in wanted.items())
