"""What a move and the scheduler cost, in sentences for the first page; the tables have the figures."""

from collections.abc import Iterator, Sequence

from durahub_migrate.assessment.assessment import Estimate, HubReport, Offer

_SCHEDULER = "Durable Task Scheduler, "


def costs(hubs: Sequence[HubReport]) -> Iterator[str]:
    """Yield what the move of each hub takes, and what running there costs."""
    for hub in hubs:
        way = next((one for one in hub.strategies if one.strategy == hub.recommended), None)
        if way is not None and way.actions:
            yield f"The move of {hub.name}: about {way.actions:,} actions of the scheduler."
        yield from _running(hub)
    if hubs and all(hub.estimate.currency is None for hub in hubs):
        yield "In money: not known, for no prices were given (--prices FILE)."


def _running(hub: HubReport) -> Iterator[str]:
    estimate = hub.estimate
    a_day = next((one.value for one in estimate.load if one.unit == "actions"), None)
    if a_day is not None:
        yield f"Running {hub.name} there: {a_day:,.0f} actions a day or more, as far as histories tell."
    for offer in estimate.offers:
        if offer.title.startswith(_SCHEDULER):
            title = offer.title.removeprefix(_SCHEDULER)
            yield f"{title}: {_fit(offer)}{_money(offer, estimate)}."


def _fit(offer: Offer) -> str:
    if offer.fits is None:
        return "whether it fits is not known"
    return "fits" if offer.fits else "too small"


def _money(offer: Offer, estimate: Estimate) -> str:
    """Return the amount of a month, as far as prices were given."""
    if estimate.currency is None:
        return ""
    figures = [one for one in offer.figures if one.title.endswith(", a month")]
    amounts = [one.value for one in figures if one.value is not None]
    if not amounts:
        return ", its price was not given"
    rest = "" if len(amounts) == len(figures) else " and what has no price"
    return f", {sum(amounts):,.2f} {estimate.currency} a month{rest}"
