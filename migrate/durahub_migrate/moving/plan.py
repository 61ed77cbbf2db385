"""The file that a plan is: a line of JSON for its head, one for each unit, one for its end.

The same bundle, target, capabilities and settings make the same file, byte for byte. The end's ``sha256`` is
over all lines before it; ``durahub apply`` refuses a plan of which that, or the bundle's root, is another.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import Enum
from typing import Any

from durahub.errors import BadPlan
from durahub.model.json_text import loads
from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import PlaceKind
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Loss, Unit

FORMAT, VERSION = "durahub-plan", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHead:
    """What a plan is of. *bundle* is a path, relative to the plan's folder; *target* is an address."""

    tool: str
    bundle: str
    bundle_root: str
    frozen: bool
    source: str  # "classic hub orders"
    target: str
    capabilities: Capabilities
    settings: MoveSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEnd:
    """The sums, and the digest of the lines before. Units by strategy's letter; ``blocked`` apart.

    *balance* says for ``orchestrations``, ``entities`` and ``messages`` where each goes, by disposition, with
    what the source has as ``source``: nothing may be left over. *hidden* are messages that could not be
    seen and that nothing explains; *unseen* are messages, at most, of queues that were read in part alone.
    """

    units: Mapping[str, int] = field(default_factory=dict)
    instances: Mapping[str, int] = field(default_factory=dict)
    actions: int = 0
    size: int = 0
    strays: int = 0  # messages for nobody: they stay in the bundle
    rejected: int = 0  # what the export could not read
    hidden: int = 0
    unseen: int = 0
    balance: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    sha256: str = ""


BLOCKED = "blocked"


def encode(
    head: PlanHead,
    units: Iterable[Unit],
    *,
    strays: int = 0,
    rejected: int = 0,
    ending: Callable[[], Mapping[str, Any]] = dict,
) -> Iterator[bytes]:
    """Yield the lines of a plan. *ending* gives fields of its end when all *units* have been taken."""
    hashed = hashlib.sha256()
    end = PlanEnd(strays=strays, rejected=rejected)

    def line(found: Mapping[str, Any]) -> bytes:
        text = json.dumps(found, separators=(",", ":"), sort_keys=True, default=_plain)
        return text.encode() + b"\n"

    first = line({"format": FORMAT, "version": VERSION, **asdict(head)})
    hashed.update(first)
    yield first
    by_strategy: dict[str, int] = {}
    instances: dict[str, int] = {}
    for unit in units:
        written = line({"unit": asdict(unit)})
        hashed.update(written)
        yield written
        group = BLOCKED if unit.blockers else unit.strategy.value
        by_strategy[group] = by_strategy.get(group, 0) + 1
        instances[group] = instances.get(group, 0) + unit.members
        if unit.is_moved:
            end = replace(end, actions=end.actions + unit.actions, size=end.size + unit.size)
    end = replace(end, units=by_strategy, instances=instances, **ending())
    sums = {name: value for name, value in asdict(end).items() if name != "sha256"}
    hashed.update(line({"end": sums}))
    yield line({"end": {**sums, "sha256": hashed.hexdigest()}})


def decode(lines: Iterable[bytes], name: str) -> Iterator[PlanHead | Unit | PlanEnd]:
    """Yield what the lines of a plan say: its head, its units, its end. *name* is told in errors.

    Raises `BadPlan`.

    The digest is checked with the end: what came before counts only when that has come.
    """
    hashed = hashlib.sha256()
    number = 0
    is_over = False
    for number, text in enumerate(lines, 1):
        found = _object(text, name, number)
        try:
            if number == 1:
                yield _head(found, name)
            elif is_over:
                raise BadPlan(name, f"line {number}: it goes on behind its end")
            elif "unit" in found:
                yield _unit(found["unit"])
            else:
                end = PlanEnd(**_known(PlanEnd, found["end"]))
                sums = {key: value for key, value in found["end"].items() if key != "sha256"}
                kept = json.dumps({"end": sums}, separators=(",", ":"), sort_keys=True)
                hashed.update(kept.encode() + b"\n")
                if hashed.hexdigest() != end.sha256:
                    raise BadPlan(name, "it was changed after it was made: its digest differs")
                is_over = True
                yield end
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"line {number} cannot be read: {type(error).__name__}"
            raise BadPlan(name, problem) from None
        hashed.update(text)
    if not is_over:
        raise BadPlan(name, f"it ends with line {number}: the rest is missing")


def decode_unit(line: bytes, name: str) -> Unit:
    """Return the unit that one line of a plan is, of a plan that `decode` has checked. Raises `BadPlan`."""
    try:
        return _unit(loads(line)["unit"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadPlan(name, f"a unit cannot be read: {type(error).__name__}") from None


def _object(text: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        found = loads(text)
    except (ValueError, RecursionError):
        raise BadPlan(name, f"line {number} is not JSON") from None
    if not isinstance(found, dict):
        raise BadPlan(name, f"line {number} is no object")
    return found


def _head(found: Mapping[str, Any], name: str) -> PlanHead:
    if found.get("format") != FORMAT:
        raise BadPlan(name, f"it is not a {FORMAT}")
    if found.get("version") != VERSION:
        raise BadPlan(name, f"it is of version {found.get('version')}, known here is {VERSION}")
    known = _known(PlanHead, found)
    capabilities = _known(Capabilities, known["capabilities"])
    capabilities["kind"] = PlaceKind(capabilities["kind"])
    settings: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in _known(MoveSettings, known["settings"]).items()
    }
    return PlanHead(
        **{
            **known,
            "capabilities": Capabilities(**capabilities),
            "settings": MoveSettings(**settings),
        }
    )


def _unit(found: Mapping[str, Any]) -> Unit:
    known = _known(Unit, found)
    return Unit(
        **{
            **known,
            "strategy": Strategy(known["strategy"]),
            "losses": tuple(Loss(**_known(Loss, one)) for one in known["losses"]),
            "steps": tuple(known["steps"]),
            "blockers": tuple(known["blockers"]),
        }
    )


def _known(kind: type[Any], found: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in found.items() if name in names}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no place in a plan")
