"""What the user pays, from a file: TOML, or JSON with the same members. No price is known otherwise.

::

    currency = "EUR"
    [scheduler]
    per-million-actions = 0.0     # Consumption
    per-unit-hour = 0.0           # Dedicated: one capacity unit, one hour
    per-gb-month = 0.0            # where storage is billed apart
    [storage]
    per-10000-transactions = 0.0
    per-gb-month = 0.0
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from durahub.errors import BadPrices

_MOST = 1e12  # a price above it is a mistake
_KEYS = {
    ("scheduler", "per-million-actions"): "million_actions",
    ("scheduler", "per-unit-hour"): "unit_hour",
    ("scheduler", "per-gb-month"): "scheduler_gb_month",
    ("storage", "per-10000-transactions"): "ten_thousand_transactions",
    ("storage", "per-gb-month"): "storage_gb_month",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in *currency*; ``None`` where the user gave none. *file* is where they are from."""

    currency: str
    file: str
    million_actions: float | None = None
    unit_hour: float | None = None
    scheduler_gb_month: float | None = None
    ten_thousand_transactions: float | None = None
    storage_gb_month: float | None = None


def read_prices(text: str, file: str) -> Prices:
    """Return the prices in a file's *text*: JSON if it begins with ``{``. Raises `BadPrices`."""
    given = _parsed(text, file)
    currency = given.pop("currency", None)
    if not isinstance(currency, str) or not currency.strip():
        raise BadPrices(file, "currency", "expected a text such as 'EUR'")
    found: dict[str, float] = {}
    for table, members in given.items():
        if not isinstance(members, dict):
            raise BadPrices(file, table, f"there is no such price; known are {_known()}")
        for name, value in members.items():
            field = _KEYS.get((table, name))
            if field is None:
                problem = f"there is no such price; known are {_known()}"
                raise BadPrices(file, f"{table}.{name}", problem)
            found[field] = _price(value, file, f"{table}.{name}")
    return Prices(currency=currency.strip(), file=file, **found)


def _parsed(text: str, file: str) -> dict[str, Any]:
    text = text.removeprefix("\ufeff")
    try:
        if text.lstrip().startswith("{"):
            parsed: dict[str, Any] = json.loads(text)
            return parsed
        tables: dict[str, Any] = tomllib.loads(text)
        return tables
    except json.JSONDecodeError as error:
        raise BadPrices(f"{file}:{error.lineno}:{error.colno}", "", error.msg) from None
    except tomllib.TOMLDecodeError as error:
        raise BadPrices(file, "", f"not TOML: {error}") from None
    except (RecursionError, ValueError) as error:
        raise BadPrices(file, "", f"not readable: {error}") from None


def _price(value: object, file: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _MOST:
        raise BadPrices(file, key, "expected a number, 0 or more")
    return float(value)


def _known() -> str:
    return ", ".join(f"{table}.{name}" for table, name in _KEYS)
