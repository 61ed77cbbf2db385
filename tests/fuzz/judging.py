"""Runs a target on one input, and says what was wrong with that."""

import contextlib
import hashlib
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import NoReturn

from tests.fuzz.target import Target

PRODUCT = ("durahub", "durahub_migrate")


class TooLong(BaseException):
    """An input takes too much of the processor. No ``except Exception`` in a parser can pass over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An input at which a target did what it may not.

    *what* is the class of the exception, ``hang``, ``memory`` or ``death``; *where* the function in question,
    as ``module.function``. Inputs that agree in both are one finding.
    """

    target: str
    what: str
    where: str
    detail: str
    data: bytes

    @property
    def mark(self) -> str:
        """What tells this finding from others, short enough for a file's name."""
        text = f"{self.target} {self.what} {self.where}"
        return f"{self.target}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def __str__(self) -> str:
        return f"{self.target}: {self.what} in {self.where}: {self.detail}"


def judge(target: Target, data: bytes, *, memory: bool = False) -> Finding | None:
    """Return what is wrong when *target* reads *data*, ``None`` if nothing is.

    With *memory*, what is held is measured as well, which is slow.
    """
    if memory:
        tracemalloc.start()
    try:
        with _limited(target.seconds):
            target.check(data)
    except target.may_raise:
        pass
    except KeyboardInterrupt:
        raise
    except TooLong as error:
        detail = f"more than {target.seconds:g} s of the processor for {len(data)} bytes"
        return _finding(target, "hang", detail, error.__traceback__, data, outermost=True)
    except BaseException as error:  # (Rust's panics are no Exception)
        name = type(error).__name__
        deep = isinstance(error, RecursionError)
        return _finding(target, name, str(error)[:300], error.__traceback__, data, outermost=deep)
    finally:
        held = tracemalloc.get_traced_memory()[1] if memory else 0
        if memory:
            tracemalloc.stop()
    if held > target.may_hold(len(data)):
        detail = f"{held} bytes held for {len(data)}, may be {target.may_hold(len(data))}"
        return Finding(target=target.name, what="memory", where="", detail=detail, data=data)
    return None


def _finding(
    target: Target,
    what: str,
    detail: str,
    trace: TracebackType | None,
    data: bytes,
    *,
    outermost: bool,
) -> Finding:
    places = list(_places(trace))
    ours = [place for place in places if place.partition(".")[0] in PRODUCT] or places[1:]
    where = (ours[0] if outermost else ours[-1]) if ours else "nowhere"
    return Finding(target=target.name, what=what, where=where, detail=detail, data=data)


def _places(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        frame = trace.tb_frame
        yield f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}"
        trace = trace.tb_next


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the body after *seconds* of this process's time; others' work does not count."""
    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _too_long(_: int, __: FrameType | None) -> NoReturn:
    raise TooLong
