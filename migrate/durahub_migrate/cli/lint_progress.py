"""Tells on stderr how far a run is: a line that moves on a terminal, elsewhere lines from time to time."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

import click

from durahub_migrate.cli.progress_bar import progress_bar, told_time
from durahub_migrate.lint.progress import Progress

Tell = Callable[[Progress], object]


def progress_is_shown(*, quiet: bool, every: float | None) -> bool:
    """Return whether somebody will see how far it is."""
    return every is not None or (not quiet and sys.stderr.isatty())


@contextlib.contextmanager
def telling(*, quiet: bool, every: float | None) -> Iterator[Tell]:
    """Give what is to be told of progress. With *every* there is a plain line every so many seconds."""
    if every is not None:
        yield Lines(every, time.monotonic).tell
    elif not progress_is_shown(quiet=quiet, every=every):
        yield bool
    else:
        with progress_bar() as bar:
            task = bar.add_task("opening", total=None, said="")

            def tell(far: Progress) -> None:
                bar.update(
                    task,
                    description=far.source,
                    completed=far.done,
                    total=max(far.total, far.done) if far.total else None,
                    said=sentence(far),
                )

            yield tell


def sentence(far: Progress) -> str:
    """Return how far it is: ``1,200 of 5,000 read, 40 requests, about 0:02:10 left``."""
    total = f" of {far.total:,}" if far.total is not None else ""
    said = f"{far.done:,}{total} read"
    if far.requests:
        said += f", {far.requests:,} requests"
    if far.seconds_left is not None:
        said += f", about {told_time(far.seconds_left)} left"
    return said


class Lines:
    """Plain lines, one every so many seconds by *clock*."""

    def __init__(
        self, every: float, clock: Callable[[], float], say: Callable[[str], object] | None = None
    ) -> None:
        self._every = every
        self._clock = clock
        self._say = say or _to_stderr
        self._said = clock()

    def tell(self, far: Progress) -> None:
        """Say how far it is, if it is time to."""
        now = self._clock()
        if now - self._said >= self._every:
            self._said = now
            self._say(f"{far.source}: {sentence(far)}")


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)
