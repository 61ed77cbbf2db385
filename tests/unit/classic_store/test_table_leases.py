"""The table partition manager as a pure function: rules, simulated workers, and real ones replayed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durahub.classic.partitioning.table import (
    Change,
    Hold,
    LeaseRow,
    Plan,
    Then,
    Times,
    decode,
    encode,
    plan,
)
from durahub.model.ticks import Ticks, later, parse

NOW = parse("2026-01-15T09:30:00Z")
TIMES = Times()
TRUST = 25.0
GOLDEN = Path(__file__).parents[2] / "golden" / "leases" / "table.jsonl"


def row(partition: str = "p0", owner: str | None = None, **values: object) -> LeaseRow:
    """Return a row, with a lease that still holds where there is an owner."""
    fields: dict[str, object] = {"partition": partition, "current_owner": owner, "etag": "e"}
    if owner is not None:
        fields |= {"owned_since": NOW, "last_renewal": NOW, "expires_at": later(NOW, 30)}
    return LeaseRow(**(fields | values))  # type: ignore[arg-type]


def only(found: Plan) -> Change:
    (change,) = found.changes
    return change


def see(*rows: LeaseRow, me: str = "me", now: Ticks = NOW, **more: object) -> Plan:
    holds = more.pop("holds", {})
    return plan(rows, me, now, holds, TIMES, **more)  # type: ignore[arg-type]


def test_a_free_partition_is_claimed_for_thirty_seconds() -> None:
    change = only(see(row()))
    assert change.then is Then.LISTEN
    assert change.row == row(owner="me", owned_since=NOW, last_renewal=NOW)


def test_a_lease_that_has_run_out_is_claimed_whoever_had_it_or_asked_for_it() -> None:
    stale = row(owner="dead", next_owner="third", expires_at=NOW)
    change = only(see(stale))
    assert (change.row.current_owner, change.row.next_owner) == ("me", None)


def test_a_lease_that_still_holds_is_left_alone() -> None:
    assert see(row(owner="other", expires_at=Ticks(NOW + 1))).changes == ()


def test_a_partition_that_was_cleared_for_us_is_claimed_and_for_another_is_not() -> None:
    assert only(see(row(next_owner="me"))).then is Then.LISTEN
    assert see(row(next_owner="third", expires_at=later(NOW, 9))).changes == ()


def test_ours_is_renewed_without_a_new_claim() -> None:
    before = row(owner="me", owned_since=Ticks(5))
    change = only(see(before, now=later(NOW, 10), holds={"p0": Hold.LISTENING}))
    assert change.row == replace(
        before, last_renewal=later(NOW, 10), expires_at=later(NOW, 40), draining=False
    )


def test_an_owner_who_is_asked_drains_then_renews_then_clears() -> None:
    asked = row(owner="me", next_owner="thief")
    first = see(asked, holds={"p0": Hold.LISTENING})
    assert (only(first).then, only(first).row.draining) == (Then.DRAIN, True)
    assert first.delay == 1.0

    second = only(see(replace(asked, draining=True), holds={"p0": Hold.DRAINING}))
    assert (second.then, second.row.current_owner) == (Then.DRAIN, "me")

    third = only(see(replace(asked, draining=True)))
    assert third.then is Then.FORGET
    assert (third.row.current_owner, third.row.next_owner) == (None, "thief")
    assert not third.row.draining


def test_a_partition_of_one_who_is_stopping_is_asked_for() -> None:
    found = see(row(owner="other", draining=True))
    assert only(found).row.next_owner == "me"
    assert found.delay == 1.0


def test_waiting_for_what_was_asked_for_is_done_in_haste() -> None:
    assert see(row(owner="other", next_owner="me")).delay == 1.0
    assert see(row(owner="other", next_owner="third")).delay == 10.0


def test_who_has_too_few_asks_for_the_difference() -> None:
    found = see(*(row(f"p{n}", "other") for n in range(4)))
    assert [change.row.partition for change in found.changes] == ["p0", "p1"]
    assert {change.row.next_owner for change in found.changes} == {"me"}


def test_an_uneven_rest_is_not_passed_around() -> None:
    mine = row("p0", "me")
    others = [row("p1", "other"), row("p2", "other")]
    found = see(mine, *others, holds={"p0": Hold.LISTENING})
    assert [change.then for change in found.changes] == [Then.LISTEN]


def test_one_who_listens_to_a_partition_of_another_drops_it_at_once() -> None:
    assert see(row(owner="other"), holds={"p0": Hold.LISTENING}).lost == ("p0",)


def test_who_stops_drains_clears_and_takes_nothing() -> None:
    rows = [row("p0", "me"), row("p1"), row("p2", "other", next_owner="me")]
    first = see(*rows, holds={"p0": Hold.LISTENING}, stopping=True)
    assert [(c.row.partition, c.then) for c in first.changes] == [
        ("p0", Then.DRAIN),
        ("p2", Then.FORGET),
    ]
    assert first.changes[1].row.next_owner is None
    assert not first.done

    second = see(*rows, stopping=True)
    assert second.changes[0].row.current_owner is None
    assert second.done


@given(
    st.builds(
        LeaseRow,
        partition=st.text(min_size=1, max_size=5),
        current_owner=st.none() | st.sampled_from("ab"),
        next_owner=st.none() | st.sampled_from("ab"),
        owned_since=st.none() | st.integers(0, 3 * 10**18).map(Ticks),
        last_renewal=st.none() | st.integers(0, 3 * 10**18).map(Ticks),
        expires_at=st.none() | st.integers(0, 3 * 10**18).map(Ticks),
        draining=st.booleans(),
        etag=st.just("e"),
    )
)
def test_decode_undoes_encode(one: LeaseRow) -> None:
    assert decode(encode(one), "e") == one


# -- several workers on one table ------------------------------------------------------------------


class Worker:
    """One simulated worker: passes, trust from when it asked, drains of some length."""

    def __init__(self, name: str, skew: float) -> None:
        self.name = name
        self.skew = skew
        self.alive = True
        self.stopping = False
        self.next_pass = 0.0
        self.trusted: dict[str, float] = {}  # until when, on the common clock
        self.drained_at: dict[str, float] = {}

    def holds(self, at: float) -> dict[str, Hold]:
        """Return what it does with its partitions, forgetting what it may no longer act on."""
        for partition in [p for p, until in self.trusted.items() if until <= at]:
            self.trusted.pop(partition)
            self.drained_at.pop(partition, None)
        for partition in [p for p, until in self.drained_at.items() if until <= at]:
            self.trusted.pop(partition, None)
            self.drained_at.pop(partition)
        return {p: Hold.DRAINING if p in self.drained_at else Hold.LISTENING for p in self.trusted}


class Table:
    """The Partitions table, with ETags."""

    def __init__(self, partitions: int) -> None:
        self.version = 0
        self.rows = {f"p{n}": LeaseRow(partition=f"p{n}", etag="0") for n in range(partitions)}

    def replace(self, changed: LeaseRow) -> bool:
        if self.rows[changed.partition].etag != changed.etag:
            return False
        self.version += 1
        self.rows[changed.partition] = replace(changed, etag=str(self.version))
        return True


def run_pass(worker: Worker, table: Table, at: float, drain: float) -> None:
    rows = list(table.rows.values())
    holds = worker.holds(at)
    now = later(NOW, at + worker.skew)
    found = plan(rows, worker.name, now, holds, TIMES, stopping=worker.stopping)
    for partition in found.lost:
        worker.trusted.pop(partition, None)
        worker.drained_at.pop(partition, None)
    worker.next_pass = at + found.delay
    for change in found.changes:
        if not table.replace(change.row):
            worker.next_pass = at + 0.01
            return
        partition = change.row.partition
        match change.then:
            case Then.LISTEN:
                worker.trusted[partition] = at + TRUST
                worker.drained_at.pop(partition, None)
            case Then.DRAIN:
                worker.trusted[partition] = at + TRUST
                worker.drained_at.setdefault(partition, at + drain)
            case Then.FORGET:
                worker.trusted.pop(partition, None)
    if worker.stopping and found.done:
        worker.alive = False


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_two_workers_act_on_a_partition_and_in_the_end_all_is_shared_evenly(
    data: st.DataObject,
) -> None:
    partitions = data.draw(st.integers(1, 8))
    workers = [
        Worker(f"w{n}", data.draw(st.floats(-2, 2))) for n in range(data.draw(st.integers(1, 3)))
    ]
    for worker in workers:
        worker.next_pass = data.draw(st.floats(0, 40))
    victim = data.draw(st.sampled_from([None, *workers]))
    ends_at, orderly = data.draw(st.floats(60, 90)), data.draw(st.booleans())
    drain = data.draw(st.floats(0, 15))
    table = Table(partitions)

    at = 0.0
    while at < 300:
        at = min(w.next_pass for w in workers if w.alive) if any(w.alive for w in workers) else 300
        if victim is not None and victim.alive and at >= ends_at:
            if orderly:
                victim.stopping = True
            else:
                victim.alive = False
                continue
        for worker in workers:
            if worker.alive and worker.next_pass <= at:
                run_pass(worker, table, at, drain)
        listening = [p for w in workers if w.alive for p in w.holds(at)]
        assert len(listening) == len(set(listening)), "two workers act on one partition"

    living = [w for w in workers if w.alive]
    if living:
        shares = sorted(len(w.holds(at)) for w in living)
        assert sum(shares) == partitions
        assert shares[-1] - shares[0] <= 1


# -- real workers, recorded ------------------------------------------------------------------------


def recorded() -> list[dict[str, object]]:
    return [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


def recorded_row(line: dict[str, object]) -> LeaseRow:
    def time(name: str) -> Ticks | None:
        return parse(str(line[name])) if name in line else None

    return LeaseRow(
        partition=str(line["partition"]),
        current_owner=line.get("CurrentOwner"),  # type: ignore[arg-type]
        next_owner=line.get("NextOwner"),  # type: ignore[arg-type]
        owned_since=time("OwnedSince"),
        last_renewal=time("LastRenewal"),
        expires_at=time("ExpiresAt"),
        draining=line["IsDraining"] is True,
    )


def writer(before: LeaseRow, after: LeaseRow) -> str:
    """Return who made *after* of *before*."""
    if after.next_owner != before.next_owner and after.next_owner is not None:
        return after.next_owner  # who asks
    owner = after.current_owner or before.current_owner
    assert owner is not None
    return owner


def passes() -> Iterator[list[LeaseRow]]:
    """Yield the rows that changed between two samples: what was decided on the rows before."""
    lines = [line for line in recorded() if "partition" in line]
    for _, sampled in groupby(lines, key=lambda line: line["t"]):
        yield [recorded_row(line) for line in sampled]


def test_every_recorded_change_of_real_workers_is_one_that_we_would_make() -> None:
    rows: dict[str, LeaseRow] = {}
    stopping: set[str] = set()
    replayed = 0
    for changed in passes():
        for after in changed:
            before = rows.get(after.partition)
            if before is None:
                continue  # made with the hub
            me = writer(before, after)
            if after.draining and after.next_owner is None:
                stopping.add(me)  # it began to stop by itself
            now = after.last_renewal
            if now is None or now == before.last_renewal:  # asked for, or cleared: a moment later
                assert before.last_renewal is not None
                now = later(before.last_renewal, 1)
            cleared = before.current_owner == me and after.current_owner is None
            mine = () if cleared else (p for p, r in rows.items() if r.current_owner == me)
            holds = dict.fromkeys(mine, Hold.LISTENING)
            read = [rows[partition] for partition in sorted(rows)]
            found = plan(read, me, now, holds, TIMES, stopping=me in stopping)
            ours = {c.row.partition: c.row for c in found.changes}.get(after.partition)
            assert ours is not None, f"we would leave it as it is: {before} -> {after}"
            assert _decided(ours) == _decided(after)
            replayed += 1
        rows |= {after.partition: after for after in changed}
    assert replayed > 100


def _decided(one: LeaseRow) -> tuple[str | None, str | None, bool]:
    return one.current_owner, one.next_owner, one.draining


@pytest.mark.parametrize("partition", ["travelleasestable-control-00"])
def test_recorded_leases_run_for_thirty_seconds(partition: str) -> None:
    spans = {
        round((row.expires_at - row.last_renewal) / 10_000_000, 3)
        for row in (recorded_row(line) for line in recorded() if line.get("partition") == partition)
        if row.expires_at is not None and row.last_renewal is not None
    }
    assert spans == {30.0}
