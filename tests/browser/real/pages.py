"""Every page of the monitor, as it is checked for accessibility and shown in the documentation."""

from dataclasses import dataclass
from urllib.parse import quote

from tests.browser.real.world import World


@dataclass(frozen=True)
class Place:
    """A page: the name of its picture, where it is, and a selector of what is there when it is whole."""

    name: str
    path: str
    whole: str


def places(world: World) -> list[Place]:
    """Return every page, with hubs in which it has much to show."""
    shop, waiting = f"hubs/{world.hubs['shop']}", f"hubs/{world.hubs['waiting']}"
    entities = f"hubs/{world.hubs['entities']}"
    order = f"{shop}/instances/order-0"
    grid = "[role=grid] [role=row] a"
    return [
        Place("hubs", "", ".tiles section:nth-of-type(8)"),
        Place("instances", "instances", grid),
        Place("search", "instances?q=status%3AFailed%20created%3E-365d&sort=name", grid),
        Place("hub", f"hubs/{world.hubs['functions']}", "tbody th a"),
        Place("why", f"{waiting}/instances/awaits-activity", "#why-more"),
        Place("timeline", order, "[role=listbox]"),
        Place("history", f"{order}?tab=history", "[aria-label='Groups of events'] strong"),
        Place("sequence", f"{order}?tab=sequence", "[aria-label='Sequence diagram'] .arrow"),
        Place("family", f"{order}?tab=family", "[role=treeitem]"),
        Place("diff", f"{order}?tab=diff&with=order-1", "h1"),
        Place("failed", f"{shop}/instances/broken-1", ".failure"),
        Place("entity", f"{shop}/entities/{quote('@counter@cups', safe='')}", ".lock"),
        Place("partitions", f"{waiting}/partitions?queue=recwaiting-control-01", "#messages"),
        Place("storage", f"{entities}/storage", "#names"),
        Place("runs", f"{shop}/runs?name=order", "table, [role=grid], svg"),
        Place("stuck", "stuck?olderThan=60", "tbody tr"),
        Place("jobs", "jobs", "h1"),
        Place("audit", "audit", "h1"),
        Place("alerts", "alerts", "h1"),
        Place("open", "open", "h1"),
        Place("help", "help", "h1"),
    ]
