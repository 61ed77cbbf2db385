"""The root of the tree, and its branches: what an exit status and a code of gRPC follow from."""

from typing import ClassVar


class DurahubError(Exception):
    """The root; never raised itself."""

    code: ClassVar[str]
    exit_status: ClassVar[int] = 1

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        """Return the code and the sentence, as every surface shows them."""
        return f"{self.code}: {self.sentence}"


class UsageError(DurahubError):
    """The caller's input is wrong; trying again unchanged cannot help."""

    exit_status = 2


class NotThere(DurahubError):
    """What was asked for does not exist."""

    exit_status = 2


class Refused(DurahubError):
    """It exists, but is not in a state for what was asked."""

    exit_status = 2


class Malformed(DurahubError):
    """Stored bytes that no writer of the layout produces. They are set aside, never deleted."""


class Unavailable(DurahubError):
    """Something outside does not answer, or not as it must."""

    exit_status = 4


def all_errors() -> dict[str, type[DurahubError]]:
    """Return every error class by its code."""

    def below(cls: type[DurahubError]) -> list[type[DurahubError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    return {cls.code: cls for cls in below(DurahubError) if "code" in cls.__dict__}
