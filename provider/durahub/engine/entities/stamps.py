"""The dates that sort entity messages: compared as UTC, written with or without ``Z`` as they came.

.NET adds one tick to a label that is not later than the one before, and that date has no kind: it is
written without a zone, and so is every copy of it. The smallest date stands for *none*.
"""

from dataclasses import dataclass

from durahub.model.ticks import MINIMUM, PER_SECOND, Ticks, parse, to_text


@dataclass(frozen=True, slots=True)
class Stamp:
    """A date of the sorter. Compare ``ticks``."""

    ticks: Ticks
    has_zone: bool = True

    def __str__(self) -> str:
        """Return the text that DTFx writes."""
        text = to_text(self.ticks)
        return text if self.has_zone else text.removesuffix("Z")

    def earlier(self, seconds: float) -> "Stamp":
        """Return the date *seconds* before; none lies before the smallest."""
        ticks = max(MINIMUM, Ticks(self.ticks - round(seconds * PER_SECOND)))
        return Stamp(ticks, self.has_zone)


NONE = Stamp(MINIMUM, has_zone=False)


def stamp_of(text: str) -> Stamp:
    """Return the date of *text*. Raises `ValueError`."""
    has_zone = text.endswith("Z") or "+" in text or text.count("-") > 2
    return Stamp(parse(text), has_zone)
