"""The query language at work: reading, judging, completing, writing and describing queries."""

from durahub_migrate.monitor.querying.completing import Chip, Completion, complete, conditions
from durahub_migrate.monitor.querying.describing import describe
from durahub_migrate.monitor.querying.matching import matches
from durahub_migrate.monitor.querying.meaning import condition
from durahub_migrate.monitor.querying.narrowing import Narrowed, narrow
from durahub_migrate.monitor.querying.parsing import all_of, one_of, parse
from durahub_migrate.monitor.querying.writing import write

__all__ = [
    "Chip",
    "Completion",
    "Narrowed",
    "all_of",
    "complete",
    "condition",
    "conditions",
    "describe",
    "matches",
    "narrow",
    "one_of",
    "parse",
    "write",
]
