"""The decision table for ``docs/assessment.md``: ``python -m tests.lint.assessment.decision_page``."""

from durahub_migrate.assessment.decision_table import DECISIONS, STRATEGIES
from durahub_migrate.assessment.showing import SYMBOLS


def table() -> str:
    """Return the table, Markdown."""
    lines = [
        f"| counted | state | {' | '.join(STRATEGIES)} | what we would do |",
        f"| --- | --- |{' :-: |' * len(STRATEGIES)} --- |",
    ]
    for row, decision in DECISIONS.items():
        marks = " | ".join(SYMBOLS[mark] for mark, _ in decision.cells.values())
        title = f"{decision.title} (on top)" if row.is_trait else decision.title
        lines.append(f"| {row.unit.value} | {title} | {marks} | {decision.default} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
