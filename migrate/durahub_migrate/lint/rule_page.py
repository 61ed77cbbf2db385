"""The paragraphs of a rule's docstring, which its pages and all formats quote."""

import re
from dataclasses import dataclass
from typing import Any

from durahub_migrate.lint.rule import Rule

_PART = re.compile(r"^(Why it matters|What to do|When to ignore it): *", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")


@dataclass(frozen=True, slots=True)
class RulePage:
    """Markdown paragraphs, each on one line where the docstring breaks it; lists keep their lines."""

    summary: str
    why: str
    what_to_do: str
    when_to_ignore: str | None

    @property
    def short_advice(self) -> str:
        """The first sentence of what to do."""
        return _SENTENCE.split(self.what_to_do, maxsplit=1)[0]


def page_of_rule(rule: Rule[Any]) -> RulePage:
    """Return the page of *rule*, which the tests of rules hold to its form."""
    parts = _PART.split(rule.page)
    named = {name: _markdown(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return RulePage(
        summary=_markdown(parts[0]),
        why=named.get("Why it matters", ""),
        what_to_do=named.get("What to do", ""),
        when_to_ignore=named.get("When to ignore it"),
    )


def _markdown(text: str) -> str:
    """Join the lines of each paragraph; code in two backticks gets one."""
    paragraphs = [_joined(one) for one in re.split(r"\n\s*\n", text.strip())]
    return re.sub(r"``([^`]+)``", r"`\1`", "\n\n".join(paragraphs))


def _joined(paragraph: str) -> str:
    lines = paragraph.splitlines()
    if any(line.lstrip().startswith(("- ", "* ", "1. ")) for line in lines) or paragraph.startswith(
        "    "
    ):
        return paragraph
    return " ".join(line.strip() for line in lines)
