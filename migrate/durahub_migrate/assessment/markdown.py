"""The report as Markdown, for a wiki, an issue or a pull request."""

import re

from durahub_migrate.assessment import showing
from durahub_migrate.assessment.assessment import Assessment
from durahub_migrate.assessment.decision_table import STRATEGIES
from durahub_migrate.assessment.html import MOST
from durahub_migrate.assessment.templating import made

_SPECIAL = re.compile(r"([\\`*_\[\]#|~])")
_BACKTICKS = re.compile("`+")


class Markdown(str):
    """A text that is Markdown already."""

    __slots__ = ()


def markdown_text(assessment: Assessment) -> str:
    """Return the report as Markdown with tables as GitHub has them. What comes from a hub stays text."""
    environment = made(autoescape=False, finalize=escaped)  # `escaped` sees every value
    environment.filters.update(code=code, codes=codes)
    return environment.get_template("report.md").render(
        report=assessment, strategies=STRATEGIES, most=MOST
    )


def escaped(value: object) -> str:
    """Return *value* so that it is shown as it is, in a cell of a table too."""
    if isinstance(value, Markdown):
        return value
    text = showing.visible(" ".join(str(value).split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _SPECIAL.sub(r"\\\1", text).replace("://", "&#58;//")
    return re.sub(r"^([-+=])", r"\\\1", text)


def code(text: str) -> Markdown:
    """Return *text* as code, whatever backticks are in it: nothing in it is a link or a person's name."""
    shown = showing.visible(" ".join(text.split())).replace("|", "\\|") or " "
    longest = max((len(run) for run in _BACKTICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return Markdown(f"{fence}{space}{shown}{space}{fence}")


def codes(texts: list[str] | tuple[str, ...]) -> Markdown:
    """Return several texts as code."""
    return Markdown(", ".join(code(text) for text in texts))
