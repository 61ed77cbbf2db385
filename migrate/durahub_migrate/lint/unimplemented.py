"""Rules of the catalogue that are not there, each with its reason. Their codes stay theirs.

A code that is here and in `RULES` as well fails a test: what is built is taken out.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unimplemented:
    """What the rule would check, and why it does not."""

    checks: str
    reason: str


_TARGET = "needs the target to be asked, which a linter does not do: `durahub apply` does before it begins"

UNIMPLEMENTED: Mapping[str, Unimplemented] = {
    "RPL310": Unimplemented(
        "the app's code, replayed on the converted history, takes the same steps",
        "needs the app's code to be run, which a linter does not do: `durahub rehearse` does",
    ),
    "PLN004": Unimplemented("the target has no other instance of the same ID", _TARGET),
    "PLN007": Unimplemented("no other worker is connected to the target hub", _TARGET),
}
