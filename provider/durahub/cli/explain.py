"""``durahub explain CODE``: the page of an error, or of what else has pages."""

from collections.abc import Callable, Iterator
from importlib import resources
from importlib.metadata import entry_points

import click

from durahub.errors import all_errors

PAGES = "durahub.pages"
"""The group of entry points that know further pages: functions of a code, ``None`` for all, as `page_of`.

Asked for ``None`` they return a line for each code they know.
"""


def page_of(code: str) -> str | None:
    """Return the page of an error code, Markdown; ``None`` if there is no such code."""
    page = resources.files("durahub") / "pages" / f"{code.upper()}.md"
    return page.read_text(encoding="utf-8") if page.is_file() else None


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Print what a code means and what to do about it: of an error (DH503), of a lint rule (IDN501).

    Without CODE, list all codes.
    """
    if code is None:
        for known, error in sorted(all_errors().items()):
            summary = (error.__doc__ or "").strip().splitlines()[0]
            click.echo(f"{known}  {summary}")
        for more in _others():
            click.echo(more(None))
        return
    page = page_of(code) or next(filter(None, (more(code) for more in _others())), None)
    if page is None:
        raise click.UsageError(f"nothing has the code {code!r}; 'durahub explain' lists all")
    click.echo(page)


def _others() -> Iterator[Callable[[str | None], str | None]]:
    for entry in entry_points(group=PAGES):
        yield entry.load()
