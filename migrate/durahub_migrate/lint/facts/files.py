"""What of a file could not be read: the file itself, or what stands in it from a place on."""

from dataclasses import dataclass

from durahub_migrate.lint.place import Place


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file, or a place in it, that cannot be read, and why: ``not JSON: Expecting ',' delimiter``."""

    place: Place
    sentence: str
