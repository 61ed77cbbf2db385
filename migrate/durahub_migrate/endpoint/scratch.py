"""What the probes of a target call what they make there: by these names nobody takes it for the user's."""

PREFIX = "durahub-probe-"
"""What the IDs of all instances of all probes begin with, and the names of their orchestrations."""

ENTITY = "durahubprobe"
"""The name of the entities of all probes."""


def is_probes(instance_id: str, name: str = "") -> bool:
    """Tell whether a probe has made an entity, or an orchestration called *name*: its ID may be anybody's."""
    if instance_id.startswith(f"@{ENTITY}@"):
        return True
    return instance_id.startswith(PREFIX) and name.startswith(PREFIX)
