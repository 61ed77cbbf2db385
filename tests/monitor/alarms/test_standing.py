"""Alarms in virtual time: when they fire, when somebody is told, and that this is told once."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from durahub.model.ticks import from_unix, later, seconds_between
from durahub_migrate.monitor.alarms.judging import Finding
from durahub_migrate.monitor.alarms.notices import Notice, Told
from durahub_migrate.monitor.alarms.rules import FORGET_AFTER, Rule, Watch
from durahub_migrate.monitor.alarms.silences import Silence
from durahub_migrate.monitor.alarms.standing import Alarms, Phase, resumed, step

START = from_unix(1_795_000_000)
RULE = Rule(name="stuck", when=Watch.STUCK, hold=60.0, clear=30.0, repeat=600.0)
KNOWN = frozenset({("stuck", "orders@local"), ("stuck", "pay@local")})


def finding(subject: str, hub: str = "orders@local", rule: str = "stuck") -> Finding:
    return Finding(
        rule=rule,
        hub=hub,
        subject=subject,
        reason="no_owner",
        sentence="Nobody holds its partition.",
        instance_id=subject,
    )


class Time:
    """Looks one behind the other, at moments that are said."""

    def __init__(self, rule: Rule = RULE, most_a_minute: int = 100) -> None:
        self.rules = (rule,)
        self.most = most_a_minute
        self.alarms = Alarms()

    def look(self, at: float, *subjects: str, known: bool = True) -> list[Told]:
        found = [finding(one) for one in subjects]
        self.alarms, notices = step(
            self.alarms,
            self.rules,
            found,
            KNOWN if known else (),
            later(START, at),
            self.most,
        )
        return [told for one in notices for told in one.alerts]


def states(told: list[Told]) -> list[tuple[str, str]]:
    return [(one.subject, one.state) for one in told]


def test_it_fires_when_it_was_so_for_as_long_as_the_rule_says() -> None:
    time = Time()

    assert time.look(0, "a") == []
    assert time.look(59, "a") == []
    assert states(time.look(60, "a")) == [("a", "firing")]
    assert time.look(120, "a") == []


def test_what_ends_before_that_is_told_to_nobody() -> None:
    time = Time()
    time.look(0, "a")

    assert time.look(30) == []
    assert time.alarms.by_key == {}
    assert time.look(90, "a") == []  # it begins anew


def test_it_is_told_again_when_the_interval_is_over() -> None:
    time = Time()
    time.look(0, "a")
    first = time.look(60, "a")
    again = time.look(660, "a")

    assert [one.times for one in (*first, *again)] == [1, 2]
    assert first[0].id == again[0].id


def test_an_end_is_told_once_and_only_after_it_lasted() -> None:
    time = Time()
    time.look(0, "a")
    time.look(60, "a")

    assert time.look(89) == []
    assert time.look(89.5, "a") == []  # there again: it did not end
    assert states(time.look(120)) == [("a", "resolved")]
    assert time.look(200) == []
    assert time.alarms.by_key == {}


def test_what_cannot_be_told_ends_nothing() -> None:
    time = Time()
    time.look(0, "a")
    time.look(60, "a")

    assert time.look(500, known=False) == []
    assert states(time.look(60 + FORGET_AFTER, known=False)) == [("a", "resolved")]


def test_a_restart_long_afterwards_ends_nothing_by_itself() -> None:
    time = Time()
    time.look(0, "a")
    time.look(60, "a")
    time.alarms = resumed(time.alarms, later(START, 90_000))

    assert time.look(90_001, known=False) == []
    assert states(time.look(90_002, "a")) == [("a", "firing")]  # its repetition is due


def test_alarms_whose_rule_is_gone_end() -> None:
    time = Time()
    time.look(0, "a")
    time.look(60, "a")
    time.rules = ()

    assert states(time.look(61, "a")) == [("a", "resolved")]


def test_those_of_a_hub_are_told_together() -> None:
    time = Time()
    for at in (0, 60):
        found = [finding("a"), finding("b"), finding("c", "pay@local")]
        time.alarms, notices = step(
            time.alarms, time.rules, found, KNOWN, later(START, at), time.most
        )

    assert [(one.hub, [told.subject for told in one.alerts]) for one in notices] == [
        ("orders@local", ["a", "b"]),
        ("pay@local", ["c"]),
    ]


def test_a_silence_keeps_firings_back_and_not_their_ends() -> None:
    time = Time()
    time.look(0, "a")
    time.look(60, "a")
    silence = Silence(id="1", until=later(START, 5_000), hub="orders@local", instance_id="a")
    time.alarms = replace(time.alarms, silences=(silence,))

    assert time.look(1_000, "a", "b") == []  # a would be told again
    assert states(time.look(1_100, "b")) == [("b", "firing"), ("a", "resolved")]


def test_what_was_silent_all_the_time_ends_without_a_word() -> None:
    time = Time()
    silence = Silence(id="1", until=later(START, 5_000), hub="orders@local", rule="st*")
    time.alarms = Alarms(silences=(silence,))
    time.look(0, "a")
    assert time.look(60, "a") == []
    assert [one.phase for one in time.alarms.by_key.values()] == [Phase.FIRING]

    assert time.look(120) == []
    assert time.alarms.by_key == {}


def test_what_fires_when_a_silence_ends_is_told_then() -> None:
    time = Time()
    time.alarms = Alarms(silences=(Silence(id="1", until=later(START, 100), hub="orders@local"),))
    time.look(0, "a")
    time.look(60, "a")

    assert states(time.look(100, "a")) == [("a", "firing")]
    assert time.alarms.silences == ()


def test_of_too_many_notices_a_minute_the_others_follow_in_the_next() -> None:
    time = Time(replace(RULE, hold=0.0), most_a_minute=1)
    assert states(time.look(0, "a")) == [("a", "firing")]

    assert time.look(10, "a", "b") == []
    assert states(time.look(60, "a", "b")) == [("b", "firing")]


looks = st.lists(
    st.tuples(
        st.sampled_from([1.0, 10.0, 29.0, 45.0, 70.0, 700.0]),  # seconds since the look before
        st.frozensets(st.sampled_from("abc")),  # what is found
        st.booleans(),  # whether everything could be looked at
        st.booleans(),  # whether the hub is silenced from now on, for a minute
    ),
    max_size=40,
)
rules = st.builds(
    Rule,
    name=st.just("stuck"),
    when=st.just(Watch.STUCK),
    hold=st.sampled_from([0.0, 60.0]),
    clear=st.sampled_from([0.0, 30.0]),
    repeat=st.sampled_from([60.0, 600.0]),
)


@given(looks, rules, st.sampled_from([1, 3, 100]))
@settings(max_examples=150, deadline=None)
def test_whatever_happens_nobody_is_told_too_often_and_every_end_is_told_once(
    course: list[tuple[float, frozenset[str], bool, bool]], rule: Rule, most: int
) -> None:
    time = Time(rule, most)
    at = 0.0
    notices: list[tuple[float, Told]] = []
    for wait, subjects, known, silenced in course:
        at += wait
        if silenced:
            quiet = Silence(id=str(at), until=later(START, at + 60), hub="orders@local")
            silences = (*time.alarms.silences, quiet)
            time.alarms = replace(time.alarms, silences=silences)
        told = time.look(at, *sorted(subjects), known=known)
        notices += [(at, one) for one in told]
        recent = [made for made in time.alarms.made if seconds_between(made, later(START, at)) < 60]
        assert len(recent) <= most
    for _ in range(10):  # then it is well for long enough
        at += 61.0
        notices += [(at, one) for one in time.look(at)]

    by_firing: dict[str, list[tuple[float, Told]]] = defaultdict(list)
    for moment, one in notices:
        by_firing[one.id].append((moment, one))
    for firing in by_firing.values():
        kinds = [one.state for _, one in firing]
        assert kinds == ["firing"] * (len(firing) - 1) + ["resolved"]
        assert len(firing) > 1
        moments = [moment for moment, _ in firing[:-1]]
        assert all(b - a >= rule.repeat for a, b in pairwise(moments))
        assert [one.times for _, one in firing[:-1]] == list(range(1, len(firing)))
    assert time.alarms.by_key == {}


def test_a_notice_has_the_same_id_whatever_the_order_it_was_made_in() -> None:
    time = Time(replace(RULE, hold=0.0))
    told = time.look(0, "a", "b")

    one = Notice.of("orders@local", (), START, told)
    other = Notice.of("orders@local", (), START, reversed(told))
    assert one == other
    assert one.id != Notice.of("orders@local", (), START, told[:1]).id
