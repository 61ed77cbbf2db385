"""Writes an assessment to a file; its suffix says in which form."""

from collections.abc import Callable, Mapping
from pathlib import Path

from durahub.errors import BadRequest
from durahub_migrate.assessment.assessment import Assessment
from durahub_migrate.assessment.html import html_text
from durahub_migrate.assessment.json_form import json_text
from durahub_migrate.assessment.markdown import markdown_text
from durahub_migrate.lint.whole_file import write_whole

FORMS: Mapping[str, Callable[[Assessment], str]] = {
    ".html": html_text,
    ".md": markdown_text,
    ".json": json_text,
}


def form_of(path: Path) -> Callable[[Assessment], str]:
    """Return what makes the text of a report at *path*. Raises `BadRequest` on another suffix."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise BadRequest(f"a report's file ends in {', '.join(FORMS)}, not in {path.suffix!r}")
    return form


def write_report(path: Path, assessment: Assessment) -> None:
    """Write *assessment* to *path*, over what was there. Raises `BadRequest`, `FileUnavailable`."""
    text = form_of(path)(assessment)
    write_whole(path, [text.encode("utf-8", "backslashreplace")])  # IDs may hold lone surrogates
