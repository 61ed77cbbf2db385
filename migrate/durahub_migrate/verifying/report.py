"""The results as JSON; ``verify-results.schema.json`` describes them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from durahub_migrate.verifying.summary import Summary
from durahub_migrate.verifying.verdicts import Difference, Symbol, Verdict

FORMAT = "durahub-verify"
VERSION = "1.0"
RESULTS: Mapping[Symbol, str] = {
    Symbol.EQUAL: "equal",
    Symbol.ADVANCED: "advanced",
    Symbol.ONLY_TARGET: "only-target",
    Symbol.ONLY_SOURCE: "only-source",
    Symbol.DIFFERS: "differs",
    Symbol.UNREADABLE: "unreadable",
}
"""Words for the symbols."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was compared: addresses as they were typed."""

    tool: str
    source: str
    target: str
    level: str
    plan: str | None = None
    sample: int | None = None
    only: tuple[str, ...] = ()


def instance_object(verdict: Verdict) -> dict[str, Any]:
    """Return the result for one instance; what it has nothing of is left out."""
    told: dict[str, Any] = {
        "id": verdict.instance_id,
        "kind": verdict.kind,
        "name": verdict.name,
        "symbol": verdict.symbol.value,
        "result": RESULTS[verdict.symbol],
        "fault": verdict.is_fault,
    }
    if verdict.root:
        told["root"] = verdict.root
    if verdict.target_id:
        told["targetId"] = verdict.target_id
    if verdict.match is not None:
        told["match"] = verdict.match.value
    if verdict.fate is not None:
        told["fate"] = verdict.fate.value
    if verdict.differences:
        told["differences"] = [_difference(one) for one in verdict.differences]
    if verdict.notes:
        told["notes"] = list(verdict.notes)
    return told


def _difference(one: Difference) -> dict[str, Any]:
    told: dict[str, Any] = {"part": one.part, "text": one.text}
    if one.event is not None:
        told["event"] = one.event
    if one.fields:
        told["fields"] = list(one.fields)
    return told


def run_object(compared: Compared, summary: Summary) -> dict[str, Any]:
    """Return what was compared, and the sums."""
    messages = summary.messages
    told: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "tool": compared.tool,
        "source": compared.source,
        "target": compared.target,
        "level": compared.level,
        "equal": summary.is_equal,
        "faults": summary.faults,
        "results": {word: summary.symbols[one] for one, word in RESULTS.items()},
        "matches": dict(sorted(summary.matches.items())),
        "kinds": {kind: _kind(summary, kind) for kind in sorted(summary.fates)},
        "messages": {
            "source": messages.source,
            "needed": messages.needed,
            "left": dict(sorted(messages.left.items())),
            "rejected": messages.rejected,
            "residue": messages.residue,
        },
        "counts": [
            {
                "kind": kind,
                "name": name,
                "status": status,
                "version": version,
                "source": source,
                "target": target,
            }
            for (kind, name, status, version), (source, target) in sorted(summary.counts.items())
        ],
        "notes": list(summary.notes),
    }
    for name in ("plan", "sample"):
        if getattr(compared, name) is not None:
            told[name] = getattr(compared, name)
    if compared.only:
        told["only"] = list(compared.only)
    return told


def _kind(summary: Summary, kind: str) -> dict[str, int]:
    fates = summary.fates[kind]
    told = {fate.value: fates[fate] for fate in sorted(fates, key=lambda one: one.value)}
    told.pop("lost", None)
    return {"source": summary.source(kind), **told, "residue": summary.residue(kind)}


def as_json(compared: Compared, summary: Summary, verdicts: Iterable[Verdict]) -> Iterator[bytes]:
    """Yield one JSON object, piece by piece: the sums, then ``instances``."""
    head = orjson.dumps(run_object(compared, summary))
    yield head[:-1] + b',"instances":['
    comma = b"\n"
    for verdict in verdicts:
        yield comma + orjson.dumps(_utf8(instance_object(verdict)))
        comma = b",\n"
    yield b"]}\n"


def as_lines(compared: Compared, summary: Summary, verdicts: Iterable[Verdict]) -> Iterator[bytes]:
    """Yield a line of JSON for each instance, and at last one for the run; each has its ``type``."""
    for verdict in verdicts:
        yield orjson.dumps({"type": "instance", **_utf8(instance_object(verdict))}) + b"\n"
    yield orjson.dumps({"type": "run", **run_object(compared, summary)}) + b"\n"


def _utf8(found: dict[str, Any]) -> dict[str, Any]:
    """Return *found* with IDs that JSON can hold: half of a surrogate pair becomes an escape."""
    return {
        name: value.encode("utf-8", "backslashreplace").decode()
        if isinstance(value, str)
        else value
        for name, value in found.items()
    }
