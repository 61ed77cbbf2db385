"""A program that runs beside us: its output is kept, it is awaited line by line, it ends with us.

Its standard output and standard error are read together by a thread, so that it never blocks on
a full pipe. It has a session of its own: a Ctrl-C in the terminal reaches us alone, and we decide
when it ends. Its standard input is a pipe of which we hold the other end and write nothing; a
program that cares sees it close when we are gone, even by ``kill -9``.
"""

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")

KEPT = 5_000  # lines of output
TAIL = 20  # lines of output in an error


class Child:
    """A started program. All methods may be called from any thread; ending it twice is fine."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        keep: Sequence[int] = (),
    ) -> None:
        """Start *command*; *env* is added to our environment, *keep* are descriptors it inherits.

        Raises `OSError` when there is no such program.
        """
        self._process = subprocess.Popen(  # noqa: S603 (a program of ours)
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **env} if env else None,
            cwd=cwd,
            pass_fds=tuple(keep),
            start_new_session=True,
        )
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._read = 0  # lines ever read; more than KEPT means that the first are gone
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(
            target=self._keep_output, name=f"output-of-{self.pid}", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """What it ended with, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def ended(self) -> bool:
        """Whether all its output has been read, which is so soon after its end."""
        with self._changed:
            return self._ended

    def output(self) -> str:
        """Return what it has written, standard output and error as they came."""
        with self._changed:
            return "\n".join(self._lines)

    def tail(self) -> str:
        """Return the last lines of its output, for an error message."""
        with self._changed:
            return "\n".join(list(self._lines)[-TAIL:])

    def wait_for(self, look: Callable[[str], Found | None], seconds: float) -> Found | None:
        """Return the first answer of *look*, given each line of output from the first on.

        None when the program ended, or *seconds* passed, before *look* found anything.
        """
        deadline = time.monotonic() + seconds
        seen = 0
        ended = False
        while not ended and time.monotonic() < deadline:
            lines, seen, ended = self._news(seen, deadline)
            for line in lines:
                if (found := look(line)) is not None:
                    return found
        return None

    def send(self, signum: int) -> None:
        """Send a signal; nothing happens when it has ended."""
        self._process.send_signal(signum)

    def close_input(self) -> None:
        """Close its standard input: the request to end, for a program that watches it."""
        if self._process.stdin:
            self._process.stdin.close()

    def wait(self, seconds: float) -> int:
        """Wait for its end and return its exit status; kill it when *seconds* have passed."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.close_input()
        self._reader.join(seconds)
        return self._process.returncode

    def kill(self) -> None:
        """End it at once (SIGKILL), and wait until it is gone."""
        self._process.kill()
        self.wait(seconds=10)

    def interrupt(self, seconds: float = 30) -> int:
        """Send what Ctrl-C sends, wait for the end, and return its exit status."""
        self.send(signal.SIGINT)
        return self.wait(seconds)

    def _news(self, seen: int, deadline: float) -> tuple[list[str], int, bool]:
        """Wait for output after the first *seen* lines; also how many there are, and if it is all."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._read > seen or self._ended, deadline - time.monotonic()
            )
            fresh = min(self._read - seen, len(self._lines))
            return list(self._lines)[len(self._lines) - fresh :], self._read, self._ended

    def _keep_output(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 (for the types)
        with self._process.stdout as output:
            for line in output:
                with self._changed:
                    self._lines.append(line.rstrip("\r\n"))
                    self._read += 1
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
