"""What is fuzzed: a function of bytes that reads them as the product does, and what it may do.

A target's check hands the bytes to one parser, or to a few that read the same form. It may raise what it
says, must end within some seconds of processor time, and may hold so many bytes at once. Where there is a
property (what is read and written again is the same; two parsers agree), the check asserts it.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from durahub.errors import DurahubError

Check = Callable[[bytes], object]
T = TypeVar("T")

JSON = (b"{}", b"[]", b"null", b"true", b"false", b'""', b"-1", b"1e999", b"\\ud800", b"NaN", b'":')
JSON += (b"9" * 20, b"[" * 1_500, b'{"a":' * 1_200, b"\xef\xbb\xbf", b"1.5", b"Infinity")
TIMES = (b"2026-01-15T09:30:01.1234567Z", b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:59.9999999Z")
TIMES += (b"+14:00", b"-00:00", b"P1D", b"PT1H", b"24:00:00", b"2026-02-30T00:00:00Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to fuzz.

    *says* is a sentence about what is read and what holds of it. *seconds* are of processor time, for one
    input of at most *largest* bytes. *memory* are the bytes that may be held at once, however small the
    input; *factor* come to that for each byte of it.
    """

    name: str
    says: str
    check: Check
    may_raise: tuple[type[Exception], ...] = (DurahubError,)
    words: tuple[bytes, ...] = ()
    largest: int = 4_096
    seconds: float = 3.0
    memory: int = 24 * 1024 * 1024
    factor: int = 400

    def may_hold(self, size: int) -> int:
        """Return the bytes that may be held at once while an input of *size* bytes is read."""
        return self.memory + self.factor * size


def target(
    name: str,
    *,
    words: Sequence[bytes] = (),
    may_raise: Sequence[type[Exception]] = (),
    **more: int,
) -> Callable[[Check], Target]:
    """Return a decorator that makes a target of a check; its docstring is what the target says.

    It may raise errors of durahub, and *may_raise* where a parser documents others.
    """

    def made(check: Check) -> Target:
        assert check.__doc__, name
        return Target(
            name=name,
            says=" ".join(check.__doc__.split()),
            check=check,
            may_raise=(DurahubError, *may_raise),
            words=tuple(words),
            **more,
        )

    return made


def text_of(data: bytes) -> str:
    """Return bytes as the text that the product gets of them: UTF-8, and halves of pairs for the rest."""
    return data.decode("utf-8", "surrogateescape")


def clean_text_of(data: bytes) -> str:
    """Return bytes as a text that UTF-8 can hold, for what comes in protobuf messages, rows or XML."""
    return data.decode("utf-8", "replace")


def finished(call: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that never waits, as all that it is given is there at once."""
    try:
        call.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    call.close()
    raise AssertionError("it waits")
