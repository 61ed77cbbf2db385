"""One target's turn: inputs are made and judged until it is over. What is found goes into files.

With Atheris, coverage of the product's code guides what is tried next: libFuzzer makes the inputs, in a
process that was forked for this, and the corpus grows in a folder. Without it inputs are made at random from
the corpus. A turn that ends after so many inputs is not guided, and no clock decides in it: it judges the
same ones each time. (libFuzzer with one seed does not: after thousands of inputs some targets part ways.)
"""

import contextlib
import json
import os
import random
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.fuzz.corpus import corpus_of, files_of, words_of
from tests.fuzz.judging import Finding, judge
from tests.fuzz.minimising import minimised
from tests.fuzz.mutating import mutated
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target

MEASURED = 100  # the memory of one input in so many is measured: that makes it ten times slower
MEMORY_MIB = 4_096  # beyond this libFuzzer ends the process
ENDED = 10  # the status of a process whose turn has ended; with any other an input has ended it
NEVER = 100_000  # seconds; Atheris takes 0 for a limit of one second
MOST_FINDINGS = 20  # of one target in one turn


@dataclass(frozen=True, slots=True)
class Turn:
    """A target's turn from *seed*: so many *inputs*, or *seconds* where these are not told.

    *grown* is the folder of its growing corpus.
    """

    target: Target
    seconds: float
    seed: int
    grown: Path
    findings: Path
    inputs: int | None = None

    def is_over(self, tape: Tape, begun: float) -> bool:
        """Tell whether all was tried, or the time is over that *begun* with this of the clock."""
        if self.inputs is not None:
            return tape.executions >= self.inputs
        return time.monotonic() - begun > self.seconds


class Judge:
    """Judges inputs, and writes each finding of a new mark into a file, as small as it can be made."""

    def __init__(self, turn: Turn, tape: Tape) -> None:
        self._turn = turn
        self._tape = tape
        self._marks = {path.stem for path in turn.findings.glob("*.json")}
        self._found = 0

    def __call__(self, data: bytes) -> None:
        """Judge *data*."""
        self._tape.begin(data)
        finding = judge(self._turn.target, data, memory=self._tape.executions % MEASURED == 0)
        if finding is not None and finding.mark not in self._marks:
            self._marks.add(finding.mark)
            self._found += 1
            write(finding, self._turn.findings)
            if finding.what not in ("hang", "memory"):
                write(smallest(self._turn.target, finding), self._turn.findings)

    @property
    def has_enough(self) -> bool:
        """Whether so much was found that the rest is not worth the time."""
        return self._found >= MOST_FINDINGS


def smallest(target: Target, finding: Finding) -> Finding:
    """Return the finding with the smallest input that was found for it."""

    def shows(data: bytes) -> bool:
        other = judge(target, data)
        return other is not None and other.mark == finding.mark

    return judge(target, minimised(finding.data, shows)) or finding


def write(finding: Finding, folder: Path) -> None:
    """Write the finding's file, over the one of the same mark."""
    written = asdict(finding) | {"data": b64encode(finding.data).decode()}
    (folder / f"{finding.mark}.json").write_text(json.dumps(written))


def findings_in(folder: Path) -> Iterator[Finding]:
    """Return what was written, by mark."""
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text())
        yield Finding(**(found | {"data": b64decode(found["data"])}))


def guided(turn: Turn, tape: Tape) -> None:
    """Take the turn with Atheris, which never returns: the process ends."""
    import atheris  # type: ignore[import-not-found, unused-ignore]

    judged, begun = Judge(turn, tape), time.monotonic()

    def one(data: bytes) -> None:
        if turn.is_over(tape, begun) or judged.has_enough:
            os._exit(ENDED)
        judged(data)

    words = turn.grown.with_suffix(".words")
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in words_of(turn.target) or [b"0"]))
    arguments = [
        "tests.fuzz",
        f"-seed={turn.seed % 2**31 or 1}",
        f"-max_len={turn.target.largest}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-timeout={NEVER}",  # who started this process watches that it goes on
        f"-dict={words}",
        f"-artifact_prefix={turn.grown}/../crash-",
        f"-use_value_profile={turn.seed % 2}",
        "-reload=0",  # it would look at the folder each second
        str(turn.grown),
    ]
    files = files_of(turn.target.name)
    if files:  # a folder would be read in the order of the file system
        arguments.append(f"-seed_inputs={','.join(map(str, files))}")
    with _silent():
        atheris.Setup(arguments, one)
        atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep libFuzzer from talking, which goes past `sys.stderr`."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (no path)
        os.dup2(nowhere.fileno(), 2)
        os.dup2(nowhere.fileno(), 1)
        yield


def at_random(turn: Turn, tape: Tape) -> None:
    """Take the turn without coverage."""
    judged, begun = Judge(turn, tape), time.monotonic()
    chance = random.Random(f"{turn.target.name} {turn.seed}")
    corpus, words = corpus_of(turn.target.name), words_of(turn.target)
    for data in corpus:
        judged(data)
    while not (turn.is_over(tape, begun) or judged.has_enough):
        judged(mutated(chance, corpus, words, turn.target.largest))


def is_guided() -> bool:
    """Tell whether Atheris is there; it is for Linux only, and must have seen the imports."""
    return "atheris" in sys.modules
