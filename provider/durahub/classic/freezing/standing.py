"""Whether a hub is frozen now, as whoever reads it finds it. Nothing is changed."""

from dataclasses import dataclass

from durahub.classic.freezing.counting import rows_written, sample
from durahub.classic.freezing.judging import askers, changes, not_held
from durahub.classic.freezing.naming import RECORD
from durahub.classic.parts import Parts
from durahub.errors import HubNotFound
from durahub.freezing import Freeze, Sample, decode


@dataclass(frozen=True, slots=True)
class Standing:
    """A freeze that is there, and why it does not hold, if so."""

    freeze: Freeze
    problem: str = ""


async def standing(parts: Parts) -> Standing | None:
    """Return the hub's freeze; ``None`` if it has none."""
    content = await parts.blobs.read(parts.names.set_aside_container, RECORD)
    freeze = decode(content) if content is not None else None
    if freeze is None:
        return None
    if freeze.frozen_at is None:
        return Standing(freeze, "it is just being frozen")
    try:
        app_leased = await parts.app_lease.is_leased()
    except HubNotFound:
        app_leased = False
    evidence = await parts.leases.evidence()
    problems = not_held(freeze, evidence, parts.clock(), app_leased=app_leased)
    return Standing(freeze, "; ".join(problems))


@dataclass(frozen=True, slots=True)
class Checked:
    """What has happened to a hub under a freeze.

    *problem* is why it is not as it was when it was frozen; *asking* are workers that wait for it.
    """

    sample: Sample
    problem: str
    asking: tuple[str, ...]


async def check(parts: Parts, freeze: Freeze) -> Checked:
    """Return whether the hub is still held by *freeze*, and holds what it held then."""
    found = await standing(parts)
    now = await sample(parts)
    asking = askers(await parts.leases.evidence(), freeze.holder)
    if found is None or found.freeze.holder != freeze.holder:
        return Checked(now, "it was thawed meanwhile", asking)
    if found.problem:
        return Checked(now, found.problem, asking)
    written = changes(freeze.samples[-1], now) if freeze.samples else []
    if freeze.rows_since is not None:
        written += await rows_written(parts, freeze.rows_since)
    return Checked(now, "; ".join(written), asking)
