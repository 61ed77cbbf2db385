"""Load, size, and what they cost. Each figure carries its formula; money is of the user's prices alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

from durahub_migrate.assessment.actions import REQUESTS, Step
from durahub_migrate.assessment.assessment import Estimate, Figure, Offer
from durahub_migrate.assessment.prices import Prices

GB = 1_000_000_000
LOAD_DAYS = 7  # over which the load is averaged
MONTH = 30  # days
HOURS = 730  # of a month
UNIT_ACTIONS = (
    2_000  # a second, of one capacity unit; documentation of the scheduler, November 2026
)
UNIT_GB = 50
MOST_UNITS = 3
CONSUMPTION_ACTIONS = 500  # a second
RETENTION_DAYS = 30  # the default that the documentation tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the hub has done: steps by hour since the epoch and kind, bytes by day of creation.

    *hour* is the hour in which the hub was read, *oldest* the hour of its oldest instance, ``None`` for an
    empty hub. *said* are actions a second that the user told.
    """

    hour: int
    oldest: int | None
    steps: Mapping[tuple[int, Step], int] = field(default_factory=dict)
    created: Mapping[int, int] = field(default_factory=dict)
    row_bytes: int = 0
    blob_bytes: int = 0
    target_bytes: int = 0
    live_payload_bytes: int = 0
    unread: int = 0
    said: float | None = None
    share: float = 0.5  # of what a scheduler can do, that is to be used

    @property
    def days(self) -> float:
        """Days that the load is averaged over: the last week, or as long as there is anything."""
        if self.oldest is None:
            return float(LOAD_DAYS)
        return min(float(LOAD_DAYS), max(1.0, (self.hour - self.oldest + 1) / 24))

    def per_day(self) -> dict[Step, float]:
        """Return the steps of an average day."""
        since = self.hour - LOAD_DAYS * 24
        total: dict[Step, float] = dict.fromkeys(Step, 0.0)
        for (hour, step), amount in self.steps.items():
            if hour > since:
                total[step] += amount
        return {step: amount / self.days for step, amount in total.items()}

    @property
    def busiest_hour(self) -> int:
        """The most steps of one hour in the last weeks."""
        hours: dict[int, int] = {}
        for (hour, _), amount in self.steps.items():
            hours[hour] = hours.get(hour, 0) + amount
        return max(hours.values(), default=0)

    @property
    def bytes_per_day(self) -> float:
        """Bytes of the instances of an average day."""
        since = self.hour // 24 - LOAD_DAYS
        return sum(size for day, size in self.created.items() if day > since) / self.days


def estimate(load: Load, prices: Prices | None) -> Estimate:
    """Return what can be said of load, size and cost."""
    per_day = load.per_day()
    actions = sum(per_day.values())
    peak = load.said if load.said is not None else load.busiest_hour / 3600
    stored = load.row_bytes + load.blob_bytes
    steady = load.bytes_per_day * RETENTION_DAYS
    gb = max(load.target_bytes, steady) / GB
    units = max(1, ceil(peak / (UNIT_ACTIONS * load.share)), ceil(gb / UNIT_GB))
    return Estimate(
        load=tuple(_load_figures(load, per_day, actions, peak)),
        sizes=tuple(_size_figures(load, stored, steady)),
        offers=(
            _storage_offer(
                "Azure Storage as it is (classic provider)", "classic", per_day, stored, prices
            ),
            _storage_offer(
                "Azure Storage with a durahub server", "durahub", per_day, stored, prices
            ),
            _consumption(load, actions, peak, gb, prices),
            _dedicated(load, units, peak, gb, prices),
        ),
        currency=prices.currency if prices else None,
        prices_from=prices.file if prices else None,
        assumptions=tuple(_assumptions(load, prices)),
    )


def _load_figures(
    load: Load, per_day: Mapping[Step, float], actions: float, peak: float
) -> Iterator[Figure]:
    steps = ", ".join(f"{step.value} {per_day[step]:,.0f}" for step in Step if per_day[step] >= 0.5)
    yield Figure(
        title="Actions a day",
        value=round(actions, 1),
        unit="actions",
        formula=f"steps in the histories of the last {_days(load.days)}, an average day"
        + (f": {steps}" if steps else ""),
    )
    said = load.said is not None
    yield Figure(
        title="Actions a second at the peak",
        value=round(peak, 4),
        unit="actions/s",
        formula="as the settings say (actions-per-second)"
        if said
        else f"the busiest hour of the last weeks: {load.busiest_hour:,} steps / 3,600",
    )


def _size_figures(load: Load, stored: int, steady: float) -> Iterator[Figure]:
    yield Figure(
        title="Stored today",
        value=stored / GB,
        unit="GB",
        formula=f"{load.row_bytes:,} bytes of rows (UTF-16, as tables count) + {load.blob_bytes:,} of blobs",
    )
    yield Figure(
        title="The same on the scheduler",
        value=load.target_bytes / GB,
        unit="GB",
        formula="if all is moved: of each instance the bytes of its rows, or of its payloads if more",
    )
    yield Figure(
        title="Payloads of what is in flight",
        value=load.live_payload_bytes / GB,
        unit="GB",
        formula="UTF-8 bytes of all payloads of what has not ended; what a move has to carry at least",
    )
    yield Figure(
        title="Stored on the scheduler in the long run",
        value=steady / GB,
        unit="GB",
        formula=f"{load.bytes_per_day:,.0f} bytes of new instances a day × {RETENTION_DAYS} days",
    )


def _storage_offer(
    title: str, who: str, per_day: Mapping[Step, float], stored: int, prices: Prices | None
) -> Offer:
    requests = sum(amount * getattr(REQUESTS[step], who) for step, amount in per_day.items())
    per_month = requests * MONTH
    price = prices.ten_thousand_transactions if prices else None
    per_gb = prices.storage_gb_month if prices else None
    return Offer(
        title=title,
        needs="a storage account",
        fits=None,
        figures=(
            Figure(
                title="Storage requests a month",
                value=round(per_month),
                unit="requests",
                formula=f"steps of a day × requests of each (docs/budget.md) × {MONTH}; polling and leases "
                "come on top",
            ),
            _money(
                "Requests",
                None if price is None else per_month / 10_000 * price,
                f"{per_month:,.0f} / 10,000 × price per 10,000 transactions",
                prices,
            ),
            _money(
                "Storage",
                None if per_gb is None else stored / GB * per_gb,
                f"{stored / GB:,.3f} GB × price per GB and month",
                prices,
            ),
        ),
    )


def _consumption(
    load: Load, actions: float, peak: float, gb: float, prices: Prices | None
) -> Offer:
    per_month = actions * MONTH
    price = prices.million_actions if prices else None
    return Offer(
        title="Durable Task Scheduler, Consumption",
        needs=f"up to {CONSUMPTION_ACTIONS} actions/s; {peak:,.3g} at the peak, {load.share:.0%} to be used",
        fits=_fits(peak <= CONSUMPTION_ACTIONS * load.share, load),
        figures=(
            Figure(
                title="Actions a month",
                value=round(per_month),
                unit="actions",
                formula=f"actions a day × {MONTH}",
            ),
            _money(
                "Actions",
                None if price is None else per_month / 1_000_000 * price,
                f"{per_month:,.0f} / 1,000,000 × price per million actions",
                prices,
            ),
            *_scheduler_storage(gb, prices),
        ),
    )


def _dedicated(load: Load, units: int, peak: float, gb: float, prices: Prices | None) -> Offer:
    price = prices.unit_hour if prices else None
    return Offer(
        title="Durable Task Scheduler, Dedicated",
        needs=f"{units} capacity unit{'s' if units > 1 else ''}: the larger of {peak:,.3g} actions/s / "
        f"({UNIT_ACTIONS:,} × {load.share:.0%}) and {gb:,.3f} GB / {UNIT_GB}, rounded up",
        fits=_fits(units <= MOST_UNITS, load),
        figures=(
            Figure(
                title="Capacity units",
                value=units,
                unit="units",
                formula=f"at most {MOST_UNITS}; high availability needs {MOST_UNITS}",
            ),
            _money(
                "Capacity",
                None if price is None else units * HOURS * price,
                f"{units} × {HOURS} hours × price per unit and hour",
                prices,
            ),
            *_scheduler_storage(gb, prices),
        ),
    )


def _days(days: float) -> str:
    return "day" if days == 1 else f"{days:.3g} days"


def _fits(by_what_was_read: bool, load: Load) -> bool | None:
    """Return whether it fits; what was not read can only add."""
    return None if by_what_was_read and load.unread else by_what_was_read


def _scheduler_storage(gb: float, prices: Prices | None) -> Iterator[Figure]:
    if prices is not None and prices.scheduler_gb_month is not None:
        yield _money(
            "Storage",
            gb * prices.scheduler_gb_month,
            f"{gb:,.3f} GB × price per GB and month",
            prices,
        )


def _money(title: str, value: float | None, formula: str, prices: Prices | None) -> Figure:
    return Figure(
        title=f"{title}, a month",
        value=None if value is None else round(value, 2),
        unit=prices.currency if prices else "no price given",
        formula=formula,
    )


def _assumptions(load: Load, prices: Prices | None) -> Iterator[str]:
    yield (
        "The load is what histories still tell: purged instances, generations before the last "
        "continue-as-new and calls of entities by clients are not in it. Take it as a lower bound."
    )
    if load.unread:
        yield (
            f"{load.unread:,} histories were not read (a sample, or they cannot be): neither their steps nor "
            "their payloads are in these figures."
        )
    yield (
        f"Limits of the scheduler as documented in November 2026: {UNIT_ACTIONS:,} actions/s and "
        f"{UNIT_GB} GB a capacity unit, {MOST_UNITS} units at most; Consumption {CONSUMPTION_ACTIONS} "
        "actions/s. The peak is the mean of an hour; shorter bursts are higher, so of these limits "
        f"{load.share:.0%} are taken as usable (threshold load-share)."
    )
    yield (
        f"Retention of {RETENTION_DAYS} days, which the documentation calls the default. Another policy "
        "changes the size in proportion."
    )
    yield (
        "Storage requests a step are those of docs/budget.md: counted at a proxy for durahub, from its steps "
        "for the classic provider without extended sessions."
    )
    if prices is None:
        yield "No prices were given (--prices), so no amounts of money are told."
    else:
        yield f"Prices are those of {prices.file}; taxes, reservations and free amounts are not considered."
