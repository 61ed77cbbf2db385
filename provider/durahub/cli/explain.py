"""``durahub explain CODE``: the page of an error."""

from importlib import resources

import click

from durahub.errors import all_errors


def page_of(code: str) -> str | None:
    """Return the page of an error code, Markdown; ``None`` if there is no such code."""
    page = resources.files("durahub") / "pages" / f"{code.upper()}.md"
    return page.read_text(encoding="utf-8") if page.is_file() else None


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Print what an error code means and what to do about it.

    Without CODE, list all codes.
    """
    if code is None:
        for known, error in sorted(all_errors().items()):
            summary = (error.__doc__ or "").strip().splitlines()[0]
            click.echo(f"{known}  {summary}")
        return
    page = page_of(code)
    if page is None:
        raise click.UsageError(f"no error has the code {code!r}; 'durahub explain' lists them")
    click.echo(page)
