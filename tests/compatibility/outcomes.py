"""What tests have shown: one outcome a test that claims a feature, kept in a JSON file between runs."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.compatibility.features import FEATURES, SDKS, SERVICES, STORES

FILE = Path(__file__).parents[2] / "docs" / "compatibility.json"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a test says it shows."""

    feature: str
    sdk: str
    store: str
    rpcs: tuple[str, ...]  # besides those of the feature: "BackendService.Connect", "Hello"

    def __post_init__(self) -> None:
        """Raise `ValueError` for a word that the table does not have."""
        known = {f"{service}.{rpc}" for service, rpcs in SERVICES.items() for rpc in rpcs}
        known.update(SERVICES["TaskHubSidecarService"])
        unknown = [rpc for rpc in self.rpcs if rpc not in known]
        if (
            self.feature not in FEATURES
            or self.sdk not in SDKS
            or self.store not in STORES
            or unknown
        ):
            raise ValueError(f"not in tests/compatibility/features.py: {self}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A claim, and whether its test passed."""

    claim: Claim
    passed: bool


Outcomes = dict[str, Outcome]  # by the test's node ID


def read(file: Path) -> Outcomes:
    """Return the outcomes in *file*, none when there is no such file.

    Those of features that are no longer known are left out.
    """
    outcomes: Outcomes = {}
    for test, one in json.loads(file.read_text()).items() if file.exists() else ():
        with contextlib.suppress(ValueError):
            claim = Claim(one["feature"], one["sdk"], one["store"], tuple(one["rpcs"]))
            outcomes[test] = Outcome(claim, one["passed"])
    return outcomes


def merged(before: Outcomes, now: Outcomes, gone: Iterable[str] = ()) -> Outcomes:
    """Return *before* with the outcomes of *now*, and without tests that are *gone*."""
    kept = {test: outcome for test, outcome in before.items() if test not in set(gone)}
    return dict(sorted({**kept, **now}.items()))


def write(file: Path, outcomes: Outcomes) -> None:
    """Write them, one test a line, sorted, so that a change is a change of few lines."""
    lines = (
        f"{json.dumps(test)}: {json.dumps({**asdict(outcome.claim), 'passed': outcome.passed})}"
        for test, outcome in sorted(outcomes.items())
    )
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
