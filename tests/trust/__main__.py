"""Writes the figures of the last recorded runs into `docs/trust.md`."""

from tests.trust.page import PAGE, filled
from tests.trust.records import read

PAGE.write_text(filled(PAGE.read_text("utf-8"), read), "utf-8")
