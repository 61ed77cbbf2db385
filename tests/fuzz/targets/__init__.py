"""The targets, by subject."""

SUBJECTS = (
    "addresses",
    "archives",
    "blobs",
    "bundles",
    "configuration",
    "entities",
    "moves",
    "pages",
    "plain_values",
    "protocol",
    "queries",
    "queues",
    "rows",
    "scheduler_file",
    "sources",
    "tokens",
    "watched",
)
"""The modules. One more is found by its name here; a parser that none enters fails a test."""
