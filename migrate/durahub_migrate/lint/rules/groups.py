"""Groups of observations: one for each thing of each hub.

A group's text is JSON in ASCII, for IDs may hold what a SQLite file does not take: halves of surrogate pairs.
"""

import json

from durahub_migrate.lint.target import Given


def group_of(given: Given, name: str) -> str:
    """Return the group of what is called *name* in the hub of the fact."""
    return json.dumps([given.hub.place.source if given.hub is not None else "", name])


def name_in(group: str) -> str:
    """Return the name that `group_of` was given."""
    return str(json.loads(group)[1])
