"""Whether a hub was still while it was exported, and what shows it: for the bundle and for who exports."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, runtime_checkable

from durahub.errors import NotFrozen
from durahub.freezing import Freeze, Sample, to_json
from durahub.model.ticks import to_round_trip_text
from durahub_migrate.export.outlet import Outlet

REPORT = "freeze.json"
IN_USE = "it was in use"
KILLED = "killed"
"""Of a manifest's evidence: the last server of a file did not close it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stillness:
    """What is known when everything was read.

    *why* says why the hub was not still. *freeze* was there when the export began, *last* was counted at its
    end, *asking* are workers that waited for the hub meanwhile.
    """

    is_still: bool
    why: str = ""
    freeze: Freeze | None = None
    last: Sample | None = None
    asking: tuple[str, ...] = ()
    was_killed: bool = False  # the last server of a file, which is not there any more

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What the manifest says of it."""
        said: dict[str, Any] = {} if self.is_still else {"not_frozen": self.why}
        if self.was_killed:
            said[KILLED] = True
        if self.freeze is not None:
            at = self.freeze.frozen_at
            said |= {
                "holder": self.freeze.holder,
                "frozen_at": to_round_trip_text(at) if at is not None else None,
                "lasting": self.freeze.lasting,
                "leases": list(self.freeze.leases),
            }
        return said

    @property
    def reports(self) -> Mapping[str, bytes]:
        """The report of the freeze, with what was found at the end."""
        if self.freeze is None:
            return {}
        last: dict[str, Any] | None = None
        if self.last is not None:
            last = {**asdict(self.last), "at": to_round_trip_text(self.last.at)}
        found = {
            "freeze": to_json(self.freeze),
            "frozen": self.is_still,
            "not_frozen": self.why,
            "last_sample": last,
            "asking": list(self.asking),
        }
        return {REPORT: (json.dumps(found, indent=1) + "\n").encode()}


@dataclass(frozen=True, slots=True)
class Frozen:
    """The freeze that an export begins under, and why it does not hold, if so."""

    freeze: Freeze | None = field(default=None)
    problem: str = "nobody has frozen it"


@runtime_checkable
class Freezable(Outlet, Protocol):
    """An outlet of a hub that can be frozen."""

    @property
    def frozen(self) -> Frozen:
        """The freeze that there was when it was opened."""

    async def stillness(self) -> Stillness:
        """Return, when everything was read, whether the hub was still."""


async def stillness_of(outlet: Outlet) -> Stillness:
    """Return, when everything was read, whether the hub was still, as far as that can be told of it."""
    if isinstance(outlet, Freezable):
        return await outlet.stillness()
    is_quiet = await outlet.is_quiet()
    return Stillness(is_still=is_quiet, why="" if is_quiet else IN_USE)


def check_frozen(outlet: Outlet) -> None:
    """Raise `NotFrozen` if the hub is of a kind that can be frozen, and is not."""
    if isinstance(outlet, Freezable) and outlet.frozen.problem:
        raise NotFrozen(outlet.hub.hub, outlet.frozen.problem)
