"""What stored bytes cost, from the user's file of prices."""

from pathlib import Path

from durahub.cli.text_file import read_text
from durahub.errors import BadPrices
from durahub_migrate.assessment.prices import read_prices
from durahub_migrate.monitor.health.measures import Price


def price_in(file: str | Path) -> Price:
    """Return what storage costs by *file*; `durahub_migrate.assessment.prices` has its form.

    Raises `BadPrices`, also where it has no price of storage.
    """
    found = read_prices(read_text(Path(file)), str(file))
    if found.storage_gb_month is None:
        raise BadPrices(
            str(file), "storage.per-gb-month", "it is missing: a hub's size cannot be priced"
        )
    return Price(gb_month=found.storage_gb_month, currency=found.currency, file=found.file)
