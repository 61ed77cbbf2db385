"""What an app and its clients do in a hub, made up from a seed, and what has to come of it.

A step is a kind and what it is given; ``app.py`` does them. What clients do is in an order, and each of it is
done once: at the source as long as that runs, the rest at the target.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

Step = tuple[str, Any]
ACCOUNTS = 3
DEPTH = 3  # of children


@dataclass(frozen=True)
class Act:
    """What a client does: ``start``, ``event``, ``signal``, ``suspend`` or ``resume`` *to*."""

    kind: str
    to: str
    what: Any = None
    name: str = ""
    delay: float = 0.0  # seconds, of a start


@dataclass
class Stories:
    """Everything of a seed. *results* are by instance ID; a string is a failure's message."""

    acts: list[Act] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)
    tallies: Counter[str] = field(default_factory=Counter)
    root_of: dict[str, str] = field(default_factory=dict)  # of activities, by key


def stories(seed: int, number: int) -> Stories:
    """Make up what happens to so many orchestrations, without their children."""
    return _Making(Random(seed)).all_of(number)


class _Making:
    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._made = Stories()
        self._root = self._counter = ""
        self._keys = 0
        self._events: list[Act] = []  # to the one that is made

    def all_of(self, number: int) -> Stories:
        threads: list[list[Act]] = []
        for n in range(number):
            self._root, self._events = f"story-{n}", []
            steps, log = self._steps(0, 2 + self._chance.randrange(4))
            is_scheduled = not self._events and self._chance.random() < 0.2
            if self._chance.random() < 0.15:
                steps, log = [*steps, ("fail", f"end of {n}")], f"end of {n}"
            delay = self._chance.choice((1.0, 4.0)) if is_scheduled else 0.0
            thread = [Act("start", self._root, steps, delay=delay), *self._events]
            if not is_scheduled and self._chance.random() < 0.2:
                at = 1 + self._chance.randrange(len(thread))
                thread = [*thread[:at], Act("suspend", self._root), *thread[at:]]
                thread.append(Act("resume", self._root))
            self._made.results[self._root] = log
            threads.append(thread)
        for n in range(number // 2):
            key, amount = f"client-{n % ACCOUNTS}", self._chance.randrange(100)
            self._made.tallies[key] += amount
            threads.append([Act("signal", key, amount)])
        threads += self._tellers(max(1, number // 8))
        while any(threads):
            weights = [len(one) for one in threads]
            self._made.acts.append(self._chance.choices(threads, weights)[0].pop(0))
        return self._made

    def _tellers(self, number: int) -> list[list[Act]]:
        """Return pairs of which one sends an event to the other."""
        threads = []
        for n in range(number):
            hearer, teller = f"hearer-{n}", f"teller-{n}"
            self._root = teller
            work, did = self._work("work")
            told = {"to": hearer, "name": "news", "data": n}
            threads.append(
                [
                    Act("start", hearer, [("event", "news"), ("event", "end")]),
                    Act("begun", hearer),
                    Act("start", teller, [work, ("tell", told)]),
                    Act("event", hearer, "over", "end"),
                ]
            )
            self._made.results |= {hearer: [n, "over"], teller: [did, "told"]}
        return threads

    def _steps(self, depth: int, number: int) -> tuple[list[Step], list[Any]]:
        """Return steps, and what comes of each that gives something."""
        steps: list[Step] = []
        log: list[Any] = []
        counter = self._key("")
        for _ in range(number):
            self._counter = counter  # its own: of two senders nobody knows who comes first
            step, result = self._step(depth)
            steps.append(step)
            log.append(result)
            if depth == 0 and self._chance.random() < 0.15:
                steps.append(("again", None))
        if steps and steps[-1][0] == "again":
            steps.pop()
        return steps, log

    def _step(self, depth: int) -> tuple[Step, Any]:
        kinds: list[Callable[[], tuple[Step, Any]]] = [
            lambda: self._work("work"),
            lambda: self._work("work"),
            lambda: self._work("work-wins"),
            self._fan,
            self._retry,
            self._catch,
            lambda: (("nap", self._chance.choice((10, 200, 2_500))), "slept"),
            lambda: (("timer-wins", self._chance.choice((10, 1_500))), True),
            lambda: (("status", at := {"at": self._key("")}), at),
            self._counted,
            self._counted,
            self._transfer,
        ]
        if depth == 0:
            kinds += [self._event, self._event, self._two_events]
        if depth < DEPTH:
            kinds += [lambda: self._child(depth), lambda: self._children(depth)]
        return self._chance.choice(kinds)()

    def _key(self, kind: str, runs: int = 1) -> str:
        self._keys += 1
        key = f"{self._root}/{kind}{self._keys}"
        if kind:
            self._made.runs[key] += runs
            self._made.root_of[key] = self._root
        return key

    def _given(self) -> dict[str, Any]:
        return {"key": self._key("w"), "ms": self._chance.choice((0, 0, 5, 150, 600))}

    def _work(self, kind: str) -> tuple[Step, Any]:
        given = self._given()
        return (kind, given), f"did {given['key']}"

    def _fan(self) -> tuple[Step, Any]:
        given = [self._given() for _ in range(1 + self._chance.randrange(5))]
        return ("fan", given), [f"did {one['key']}" for one in given]

    def _retry(self) -> tuple[Step, Any]:
        times = self._chance.randrange(1, 4)
        key = self._key("r", times)
        return ("retry", {"key": key, "times": times}), f"did {key}"

    def _catch(self) -> tuple[Step, Any]:
        key = self._key("c")
        return ("catch", {"key": key}), f"no {key}"

    def _event(self) -> tuple[Step, Any]:
        kind = self._chance.choice(("event", "event-wins"))
        return (kind, name := self._key("e")), self._sent(name)

    def _two_events(self) -> tuple[Step, Any]:
        names = [self._key("e"), self._key("e")]
        return ("events", names), [self._sent(one) for one in names]

    def _sent(self, name: str) -> str:
        del self._made.runs[name]
        data = f"data of {name}" + "x" * self._chance.choice((0, 0, 0, 70_000))
        act = Act("event", self._root, data, name)
        self._events.insert(self._chance.randrange(len(self._events) + 1), act)
        return data

    def _counted(self) -> tuple[Step, Any]:
        kind = self._chance.choice(("signal", "call"))
        amount = self._chance.randrange(100)
        key = self._counter.replace("/", "-")
        self._made.tallies[key] += amount
        result = "signalled" if kind == "signal" else self._made.tallies[key]
        return (kind, {"key": key, "amount": amount}), result

    def _transfer(self) -> tuple[Step, Any]:
        one, other = self._chance.sample(range(ACCOUNTS), 2)
        amount, work = self._chance.randrange(100), self._given()
        self._made.tallies[f"account-{one}"] -= amount
        self._made.tallies[f"account-{other}"] += amount
        given = {"from": f"account-{one}", "to": f"account-{other}", "amount": amount, "work": work}
        return ("transfer", given), f"did {work['key']}"

    def _child(self, depth: int) -> tuple[Step, Any]:
        steps, log = self._steps(depth + 1, 1 + self._chance.randrange(3))
        given: dict[str, Any] = {"steps": steps}
        if self._chance.random() < 0.3:
            given["id"] = self._key("") + "/child"
        if self._chance.random() < 0.2:
            message = f"end of a child of {self._root}"
            return ("child", {**given, "steps": [*steps, ("fail", message)]}), message
        return ("child", given), log

    def _children(self, depth: int) -> tuple[Step, Any]:
        made = [self._steps(depth + 1, 1) for _ in range(2)]
        return ("children", [{"steps": steps} for steps, _ in made]), [log for _, log in made]
