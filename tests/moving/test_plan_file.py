"""The file that a plan is."""

import json
from collections.abc import Iterator

import pytest

from durahub.errors import BadPlan
from durahub_migrate.moving.capabilities import OWN_STORE, UNPROBED_ENDPOINT
from durahub_migrate.moving.plan import PlanEnd, PlanHead, decode, encode
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Loss, Unit

HEAD = PlanHead(
    tool="durahub test",
    bundle="orders.hub",
    bundle_root="ab" * 32,
    frozen=True,
    source="classic hub orders",
    target="sqlite:new.db/orders",
    capabilities=OWN_STORE,
    settings=MoveSettings(only=("order-*",)),
)
MOVED = Unit(
    root_id="order-7",
    is_entity=False,
    strategy=Strategy.IMPORT,
    why="the target is a store of ours",
    digest="cd" * 32,
    members=3,
    live=1,
    events=40,
    size=5_000,
    actions=0,
    steps=("3 instances are written",),
    losses=(Loss(code="times-are-new", text="Times are those of the move.", count=3),),
    ids={"order-7": "order_7"},
)
BLOCKED = Unit(
    root_id="order-8",
    is_entity=False,
    strategy=Strategy.GHOST,
    why="",
    digest="ef" * 32,
    members=1,
    live=1,
    events=4,
    size=100,
    actions=4,
    blockers=("it holds a lock",),
)


def lines_of(head: PlanHead = HEAD) -> list[bytes]:
    return list(encode(head, [MOVED, BLOCKED], strays=2, rejected=1))


@pytest.mark.parametrize("capabilities", [OWN_STORE, UNPROBED_ENDPOINT])
def test_what_was_written_is_read(capabilities: object) -> None:
    head = PlanHead(
        **{**{n: getattr(HEAD, n) for n in HEAD.__slots__}, "capabilities": capabilities}
    )

    found = list(decode(lines_of(head), "orders.plan"))

    end = found[-1]
    assert found[:-1] == [head, MOVED, BLOCKED]
    assert isinstance(end, PlanEnd)
    assert (end.units, end.instances) == ({"a": 1, "blocked": 1}, {"a": 3, "blocked": 1})
    assert (end.actions, end.size, end.strays, end.rejected) == (0, 5_000, 2, 1)


def test_what_is_known_at_the_end_is_asked_for_behind_the_last_unit() -> None:
    seen: list[str] = []

    def units() -> Iterator[Unit]:
        yield MOVED
        seen.append("all")

    def ending() -> dict[str, object]:
        return {"hidden": 3, "balance": {"entities": dict.fromkeys(seen, 1)}}

    *_, end = decode(list(encode(HEAD, units(), ending=ending)), "orders.plan")

    assert isinstance(end, PlanEnd)
    assert (end.hidden, end.balance) == (3, {"entities": {"all": 1}})


def test_a_plan_is_the_same_whenever_it_is_made() -> None:
    assert lines_of() == lines_of()


@pytest.mark.parametrize("number", range(4))
def test_a_changed_line_is_refused(number: int) -> None:
    lines = lines_of()
    found = json.loads(lines[number])
    member = found if number == 0 else next(iter(found.values()))
    member["tool" if number == 0 else "actions"] = 99
    lines[number] = (json.dumps(found, separators=(",", ":"), sort_keys=True) + "\n").encode()

    with pytest.raises(BadPlan, match="changed"):
        list(decode(lines, "orders.plan"))


@pytest.mark.parametrize("count", range(4))
def test_a_plan_that_is_cut_off_is_refused(count: int) -> None:
    with pytest.raises(BadPlan, match="the rest is missing"):
        list(decode(lines_of()[:count], "orders.plan"))


@pytest.mark.parametrize(
    "line", [b"", b"[]\n", b"{}\n", b'{"format":"durahub-plan","version":2}\n', b"\xff\n"]
)
def test_what_is_no_plan_is_refused(line: bytes) -> None:
    with pytest.raises(BadPlan):
        list(decode([line], "orders.plan"))
