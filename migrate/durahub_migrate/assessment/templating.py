"""What the templates of all forms have in common: where they are, and how they show values."""

from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined

from durahub_migrate.assessment import showing


def made(*, autoescape: bool, finalize: Callable[[object], object]) -> Environment:
    """Return an environment that fails where a template names what there is not."""
    environment = Environment(
        loader=PackageLoader("durahub_migrate.assessment"),
        autoescape=autoescape,  # noqa: S701 (HTML's is on)
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        number=showing.number,
        size=showing.size,
        figure=showing.figure,
        called=showing.name,
        statuses=showing.statuses,
        open_work=showing.open_work,
        day=showing.day,
        of=showing.unit_of,
        about=showing.about,
        symbol=showing.SYMBOLS.__getitem__,
        light=showing.LIGHTS.__getitem__,
    )
    return environment
