"""The inputs that every run begins with: ``corpus/TARGET/NAME``, one file each.

Those named ``crash-…`` once showed a defect that is mended; each is a test of its own.
"""

import re
from pathlib import Path

from tests.fuzz.target import Target

FOLDER = Path(__file__).parent / "corpus"
CRASH = "crash-"
_WORD = re.compile(rb"[A-Za-z_$@][\w.$@-]{2,40}")
MOST_WORDS = 300


def files_of(name: str) -> list[Path]:
    """Return the files of a target's corpus, by name."""
    return sorted(path for path in (FOLDER / name).glob("*") if path.is_file())


def corpus_of(name: str) -> list[bytes]:
    """Return the inputs of a target's corpus."""
    return [path.read_bytes() for path in files_of(name)]


def words_of(target: Target) -> list[bytes]:
    """Return what may be put in anywhere: the target's own words, and those that its corpus holds."""
    found: dict[bytes, None] = dict.fromkeys(target.words)
    for data in corpus_of(target.name):
        found |= dict.fromkeys(_WORD.findall(data))
    return list(found)[:MOST_WORDS]
