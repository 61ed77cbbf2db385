"""The members of a bundle, by their names."""

import re

FORMAT = "hub-bundle"
MAJOR, MINOR = 1, 0
"""The version that is written. A minor version only adds; of a newer major one nothing is read."""

MANIFEST = "manifest.json"
"""Written last, at once: with it a bundle is complete."""

STARTED = "_started.json"
"""Written first."""

LOCK, SPOOL = "_lock", "_spool.sqlite"
"""Of the export that is at work; gone at its end."""

SEGMENTS, PAYLOADS, REJECTS, SCHEMA = "segments", "payloads", "rejects", "schema"
"""Folders."""

REPORTS = "reports"
"""What others say of the hub, or of the bundle: they do not count for the root."""

COMPAT = "compat"
"""Views of what has ended, for readers of other formats: derived, and in no manifest."""

PAYLOAD_LIST = "payloads.txt"
REJECT_LIST = f"{REJECTS}/rejects.jsonl"
RAW = f"{REJECTS}/raw"
DESCRIPTORS = f"{SCHEMA}/descriptors.binpb"

INDEX = "index.sqlite"
"""Derived from the segments: it can be removed, and is made again."""

INDEX_SAYS = "index.json"
"""Which bundle the index is of, and its digest."""

INSTANCES, ENTITIES, INFLIGHT = "instances", "entities", "inflight"
KINDS = (INSTANCES, ENTITIES, INFLIGHT)
"""The kinds of segments, in the order of their ordinals."""

PART = ".part"
"""Ends the name of a file that is being written."""

OWN = frozenset(
    {MANIFEST, STARTED, LOCK, SPOOL, SEGMENTS, PAYLOADS, PAYLOAD_LIST, REJECTS, SCHEMA}
    | {INDEX, INDEX_SAYS, REPORTS, COMPAT}
    | {name + PART for name in (MANIFEST, STARTED, INDEX, INDEX_SAYS)}
)
"""What an export may have written at the top; SQLite's own files beside the spool apart."""


def segment(kind: str, number: int) -> str:
    """Return the name of a segment."""
    return f"{SEGMENTS}/{kind}-{number:05d}.pb.zst"


def kind_of(path: str) -> str | None:
    """Return the kind of a segment, ``None`` for another member."""
    folder, _, name = path.partition("/")
    kind = name.partition("-")[0]
    return kind if folder == SEGMENTS and kind in KINDS else None


def payload(digest: bytes) -> str:
    """Return the name of the payload with a digest."""
    name = digest.hex()
    return f"{PAYLOADS}/{name[:2]}/{name[2:]}.zst"


def raw(digest: bytes) -> str:
    """Return the name of what was rejected, by its digest."""
    return f"{RAW}/{digest.hex()}"


def report(name: str) -> str:
    """Return the name of a report: ``freeze.json``. Raises `ValueError` for what is no plain name."""
    if not _PLAIN.fullmatch(name):
        raise ValueError(f"a report cannot be called {name!r}")
    return f"{REPORTS}/{name}"


_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
