"""Examples of templates and policies: texts, read as the linter reads them."""

from collections.abc import Mapping
from typing import Any

from durahub_migrate.lint.files.templates import facts_of_file
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example
from durahub_migrate.lint.target import Given, Target


def in_bicep(title: str, text: str, *more: Any, **target: Any) -> Example:
    """Return the example of a Bicep file, with *more* facts behind it; *target* are fields of `Target`."""
    return in_file(title, "main.bicep", text, *more, **target)


def in_file(
    title: str,
    path: str,
    text: str,
    *more: Any,
    beside: Mapping[str, str] | None = None,
    **target: Any,
) -> Example:
    """Return the example of a file, with the files *beside* it."""
    facts = (*facts_of_file(path, text, beside or {}), *more)
    return Example(title, facts, Given(now=EXAMPLE_TIME, target=Target(**target)))


def scheduler(
    *,
    name: str = "'orders-scheduler'",
    sku: str = "{ name: 'Consumption' }",
    more: str = "",
    allowed: str = "ipAllowlist: ['10.0.0.0/8']",
    version: str = "2025-11-01",
    location: str = "'westeurope'",
) -> str:
    """Return a scheduler in Bicep; arguments are expressions of Bicep, *more* are further properties."""
    return f"""resource scheduler 'Microsoft.DurableTask/schedulers@{version}' = {{
  name: {name}
  location: {location}
  properties: {{
    {allowed}
    sku: {sku}
    {more}
  }}
}}
"""


def hub(name: str = "'orders'", version: str = "2025-11-01") -> str:
    """Return a hub of `scheduler` in Bicep."""
    return f"""resource hub 'Microsoft.DurableTask/schedulers/taskHubs@{version}' = {{
  parent: scheduler
  name: {name}
}}
"""


def retention(*entries: str, name: str = "'default'", version: str = "2025-11-01") -> str:
    """Return a retention policy of `scheduler` in Bicep; entries are ``30`` or ``Failed: 90``."""
    lines = "\n".join(f"      {{ {_entry(one)} }}" for one in entries)
    return f"""resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@{version}' = {{
  parent: scheduler
  name: {name}
  properties: {{
    retentionPolicies: [
{lines}
    ]
  }}
}}
"""


def _entry(text: str) -> str:
    state, _, days = text.rpartition(": ")
    written = f"retentionPeriodInDays: {days}" if days else ""
    return f"{written}, orchestrationState: '{state}'".strip(", ") if state else written
