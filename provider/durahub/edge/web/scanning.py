"""Looks through a hub for what a query means, as far as a request may go.

Stores give their pages in an order of their own, so whoever wants another order, or a total, has to see
everything. `MOST_SCANNED` bounds that; an answer that does not know all says so (``truncated``).
"""

from dataclasses import replace

from durahub.edge.hub import Hub
from durahub.edge.web.entity_query import EntitiesAsked
from durahub.edge.web.orchestration_query import OrchestrationQuery
from durahub.engine.entities.work import Entity
from durahub.model.instance import Instance

MOST_SCANNED = 20_000  # rows that one request may read
PAGE = 1_000  # rows of one page; what Azure Tables gives at once


async def scan_orchestrations(
    hub: Hub, query: OrchestrationQuery, most: int = MOST_SCANNED, page_size: int = PAGE
) -> tuple[list[Instance], bool]:
    """Return the instances that are meant, in order, and whether there may be more."""
    found: list[Instance] = []
    stored = query.stored(page_size)
    scanned = 0
    while True:
        page = await hub.query(stored)
        scanned += len(page.instances)
        found += (one for one in page.instances if query.matches(one))
        if page.token is None or scanned >= most:
            return query.sorted(found), page.token is not None
        stored = replace(stored, token=page.token)


async def scan_entities(
    hub: Hub, query: EntitiesAsked, most: int = MOST_SCANNED, page_size: int = PAGE
) -> tuple[list[Entity], bool]:
    """Return the entities that are meant, in order, and whether there may be more."""
    found: list[Entity] = []
    stored = query.stored(page_size)
    scanned = 0
    while True:
        page = await hub.query_entities(stored)
        scanned += max(len(page.entities), 1)  # an empty page was read as well
        found += (one for one in page.entities if query.matches(one))
        if page.token is None or scanned >= most:
            return query.sorted(found), page.token is not None
        stored = replace(stored, token=page.token)
