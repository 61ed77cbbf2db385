"""The report as one HTML file: no script, nothing from elsewhere, and a policy that forbids both."""

import base64
import hashlib

from durahub_migrate.assessment import showing
from durahub_migrate.assessment.assessment import Assessment
from durahub_migrate.assessment.decision_table import STRATEGIES
from durahub_migrate.assessment.templating import made

MOST = 200
"""Names that a page shows of a hub; the JSON form has all."""


def html_text(assessment: Assessment) -> str:
    """Return the report as HTML. Whatever comes from a hub is shown as text."""
    environment = made(autoescape=True, finalize=_visible)
    loader = environment.loader
    assert loader is not None  # noqa: S101 (for the types)
    style = loader.get_source(environment, "report.css")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        report=assessment,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        strategies=STRATEGIES,
        most=MOST,
    )


def _visible(value: object) -> object:
    return showing.visible(value) if type(value) is str else value
