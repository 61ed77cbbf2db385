"""How histories are read for workers of another SDK than began them, where the first guess was wrong.

Only in memory: after a restart such a history is misread once more, which costs a replay.
"""

from collections import OrderedDict

from durahub.engine.readings import AS_IT_SEEMS, Reading
from durahub.model.history import Execution

REMEMBERED = 10_000  # executions


class Readings:
    """The latest reading of each execution."""

    def __init__(self) -> None:
        self._found: OrderedDict[Execution, Reading] = OrderedDict()

    def of(self, execution: Execution) -> Reading:
        """Return how the history of *execution* is read."""
        return self._found.get(execution, AS_IT_SEEMS)

    def note(self, execution: Execution, reading: Reading) -> None:
        """Read the history of *execution* so from now on."""
        self._found[execution] = reading
        self._found.move_to_end(execution)
        while len(self._found) > REMEMBERED:
            self._found.popitem(last=False)
