"""Logging of the commands: one line an event on stderr, its fields behind it."""

import logging

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Fields(logging.Formatter):
    """Writes ``time level event field=value …``."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        return " ".join((line, *(f"{key}={value}" for key, value in fields.items())))


def configure(*, verbose: bool) -> None:
    """Log durahub's warnings to stderr, with *verbose* all its events."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Fields("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("durahub")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
    logger.propagate = False
    logging.getLogger("azure").setLevel(logging.ERROR)
