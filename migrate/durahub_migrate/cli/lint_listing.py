"""``durahub lint --list-rules``."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from durahub_migrate.lint.reporting.json_form import rule_form
from durahub_migrate.lint.rule import Rule


def list_rules(rules: Sequence[Rule[Any]], output_format: str) -> Iterator[str]:
    """Yield a line for each rule, by code; for JSON formats an object a line."""
    for rule in sorted(rules, key=lambda one: one.code):
        if output_format in ("json", "jsonl"):
            yield json.dumps(rule_form(rule)) + "\n"
        else:
            yield f"{rule.code}  {rule.severity.value:<7}  {rule.message}\n"
