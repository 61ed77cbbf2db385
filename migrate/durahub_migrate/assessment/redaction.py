"""Takes out of an assessment what names single instances: their IDs become hashes.

Names of hubs, orchestrations and entities, and file names, stay: without them a report says nothing. What is
in payloads is in no assessment to begin with.
"""

import hashlib
from dataclasses import replace

from durahub_migrate.assessment.assessment import Assessment, HubReport


def redacted(assessment: Assessment) -> Assessment:
    """Return *assessment* with IDs as the first 16 hex digits of their SHA-256, as findings have them."""
    return replace(
        assessment,
        hubs=tuple(_hub(hub) for hub in assessment.hubs),
        gaps=tuple(replace(gap, place="", problem=gap.problem[:5]) for gap in assessment.gaps),
        redacted=True,
    )


def _hub(hub: HubReport) -> HubReport:
    return replace(
        hub,
        largest_payloads=tuple(
            replace(one, instance_id=hashed(one.instance_id)) for one in hub.largest_payloads
        ),
        longest_ids=tuple(
            replace(one, instance_id=hashed(one.instance_id)) for one in hub.longest_ids
        ),
    )


def hashed(instance_id: str) -> str:
    """Return what stands for an ID; `durahub_migrate.lint.place.Place.key_hash` is the same."""
    return hashlib.sha256(instance_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
