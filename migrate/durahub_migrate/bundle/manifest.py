"""``manifest.json``: what a bundle holds, and the digests by which that can be checked."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from durahub.errors import BadBundle, NewerBundle
from durahub.model.ticks import Ticks, parse, to_round_trip_text
from durahub_migrate.bundle.layout import FORMAT, MAJOR, MANIFEST, MINOR, REPORTS, SCHEMA

T = TypeVar("T")

LARGEST_MANIFEST = 64 * 1024 * 1024
"""Bytes; a larger one is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file. *content_sha256* is of what it holds when it is unpacked.

    Of a segment *first_ordinal* is its first record's, *first* and *last* are instance IDs.
    """

    path: str
    sha256: str
    size: int
    content_sha256: str
    content_size: int
    records: int = 0
    first_ordinal: int = 0
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHub:
    """The hub that a bundle was made of. *kind* is ``classic`` or ``scheduler``.

    *address_sha256* tells that two bundles are of one hub without telling whose. *parts*, *queues* and *apps*
    are as far as they could be seen; *queues* count hidden messages too, about. *partly_seen* are queues that
    may have had more visible messages than storage shows without taking them, and how many at most.
    """

    kind: str
    hub: str
    address_sha256: str
    partitions: int = 1
    task_hub_json: int | None = None
    is_of_functions: bool = False
    parts: Mapping[str, bool] = field(default_factory=dict)
    queues: Mapping[str, int] = field(default_factory=dict)
    partly_seen: Mapping[str, int] = field(default_factory=dict)
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many there are. What was read, instances and messages in queues, is here or was rejected."""

    instances_read: int = 0
    messages_read: int = 0
    instances: Mapping[str, int] = field(default_factory=dict)  # by status
    entities: Mapping[str, int] = field(default_factory=dict)
    inflight: Mapping[str, int] = field(default_factory=dict)  # by evidence
    rejects: Mapping[str, int] = field(default_factory=dict)  # by code
    instances_rejected: int = 0
    messages_rejected: int = 0
    events: int = 0
    payloads: int = 0
    payload_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest of what was seen."""

    longest_id: int = 0  # characters
    largest_text: int = 0  # bytes
    most_events: int = 0
    most_event_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle holds.

    *evidence* is what shows that nobody was at work while *frozen* was read, as JSON takes it: who held which
    leases, what the queues counted. *redacted* says that IDs and payloads are not the hub's.
    """

    tool: str
    bundle_id: str
    source: SourceHub
    started: Ticks
    ended: Ticks
    frozen: bool
    counts: Counts
    limits: Limits
    files: tuple[Member, ...]
    root: str
    minor: int = MINOR
    evidence: Mapping[str, Any] = field(default_factory=dict)
    redacted: bool = False


def merkle_root(files: Iterable[Member]) -> str:
    r"""Return the root over what is in *files*, but for schema and reports: SHA-256, in hex.

    A leaf is the digest of ``\0``, the path, ``\0``, the digest of the content; a node that of ``\1``, its
    left and its right one. Leaves stand by path; one that is left over goes up as it is.
    """
    level = [
        hashlib.sha256(
            b"\0" + one.path.encode() + b"\0" + bytes.fromhex(one.content_sha256)
        ).digest()
        for one in sorted(files, key=_path)
        if not one.path.startswith((f"{SCHEMA}/", f"{REPORTS}/"))
    ]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        up = [hashlib.sha256(b"\1" + left + right).digest() for left, right in pairs]
        level = up + level[len(up) * 2 :]
    return level[0].hex() if level else hashlib.sha256(b"").hexdigest()


def encode(manifest: Manifest) -> bytes:
    """Return the text of the file."""
    written: dict[str, Any] = {"format": FORMAT, "version": MAJOR, **asdict(manifest)}
    for name in ("started", "ended"):
        written[name] = to_round_trip_text(written[name])
    return (json.dumps(written, indent=2, ensure_ascii=True) + "\n").encode()


def changed(text: bytes, bundle: str, path: str, member: Member | None) -> bytes:
    """Return the text of a manifest with *member* in the place of what is at *path*, ``None``: without that.

    What is not known here is kept. Raises `BadBundle`, `NewerBundle`.
    """
    known = decode(text, bundle).files
    if member is None and all(one.path != path for one in known):
        return text
    found: dict[str, Any] = json.loads(text)
    others = [one for one in found["files"] if one["path"] != path]
    found["files"] = [*others, asdict(member)] if member is not None else others
    return (json.dumps(found, indent=2, ensure_ascii=True) + "\n").encode()


def decode(text: bytes, bundle: str) -> Manifest:
    """Return what *text* says; *bundle* is for errors. Raises `BadBundle`, `NewerBundle`."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadBundle(bundle, MANIFEST, "it is not JSON") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadBundle(bundle, MANIFEST, f"it is not a {FORMAT}'s")
    version = found.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadBundle(bundle, MANIFEST, "it names no version")
    if version > MAJOR:
        raise NewerBundle(bundle, version, MAJOR)
    try:
        told = {
            **found,
            "source": _made(SourceHub, found["source"]),
            "counts": _made(Counts, found["counts"]),
            "limits": _made(Limits, found["limits"]),
            "files": [_made(Member, one) for one in found["files"]],
            "started": parse(found["started"]),
            "ended": parse(found["ended"]),
        }
        manifest = _made(Manifest, told)
        root = merkle_root(manifest.files)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"it cannot be read: {type(error).__name__}"
        raise BadBundle(bundle, MANIFEST, problem) from None
    if root != manifest.root:
        raise BadBundle(bundle, MANIFEST, "the digests of its files do not lead to its root")
    return manifest


def _made(kind: type[T], found: Mapping[str, Any]) -> T:
    """Make one of the members of *found* that are known: a minor version may have more.

    Raises `TypeError` where a member is missing, or not of its type.
    """
    hints = _HINTS[kind]
    known = {name: _as_kept(value) for name, value in found.items() if name in hints}
    for name, value in known.items():
        if not _fits(value, hints[name]):
            raise TypeError(name)
    return kind(**known)


_HINTS: Mapping[type, Mapping[str, Any]] = {
    kind: get_type_hints(kind) for kind in (Manifest, Member, SourceHub, Counts, Limits)
}


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether *value* is of a type that members have; a number counts something, so is never below 0."""
    hint, inner = getattr(hint, "__supertype__", hint), get_args(hint)
    if hint is Any:
        return True
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_fits(one, inner[0]) for one in value)
    if type(None) in inner:
        return value is None or _fits(value, inner[0])
    if inner:
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    return isinstance(value, hint)


def _as_kept(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _path(member: Member) -> str:
    return member.path
