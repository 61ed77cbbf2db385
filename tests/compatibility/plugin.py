"""The pytest plugin that collects outcomes: with ``--record-features`` they are kept for the table.

``@pytest.mark.feature(TITLE, sdk="js", rpcs=("Hello",), store="sqlite")``; a test may have several.
Where ``store`` is not given it is read from the test's parameters (``classic``, ``sqlite`` or
``scheduler``), else the test uses Azurite and so the classic store. A mark on a parameter's value or
on the module will do.
"""

from collections.abc import Iterator

import pytest

from tests.compatibility.outcomes import FILE, Claim, Outcome, Outcomes, merged, read, write

STORES = {"classic": "classic", "sqlite": "sqlite", "scheduler": "sqlite"}


def claims_of(item: pytest.Item) -> Iterator[Claim]:
    """Yield what the marks of *item* claim. Raises `ValueError` for words the table does not have."""
    for mark in item.iter_markers("feature"):
        (title,) = mark.args
        store = mark.kwargs.get("store") or _store_of(item)
        yield Claim(title, mark.kwargs["sdk"], store, tuple(mark.kwargs.get("rpcs", ())))


def _store_of(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    for word in (callspec.id if callspec else "").split("-"):
        if word in STORES:
            return STORES[word]
    return "classic" if "azurite" in getattr(item, "fixturenames", ()) else ""


class FeatureRecorder:
    """Notes how each test that claims a feature has ended."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._claims: dict[str, list[Claim]] = {}
        self._passed: dict[str, bool] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            try:
                if claims := list(claims_of(item)):
                    self._claims[item.nodeid] = claims
            except (ValueError, KeyError) as error:
                raise pytest.UsageError(f"{item.nodeid}: {error}") from error

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.nodeid in self._claims and (report.when == "call" or report.failed):
            before = self._passed.get(report.nodeid, True)
            if not report.skipped:
                self._passed[report.nodeid] = before and report.passed

    def pytest_sessionfinish(self) -> None:
        if not self._config.getoption("record_features"):
            return
        now: Outcomes = {}
        for test, passed in self._passed.items():
            for number, claim in enumerate(self._claims[test]):
                now[f"{test} {number}" if number else test] = Outcome(claim, passed)
        before = read(FILE)
        write(FILE, merged(before, now, self._gone(before)))

    def _gone(self, before: Outcomes) -> list[str]:
        """Return the tests that are no longer in a file which was collected as a whole."""
        if any("::" in argument for argument in self._config.args):
            return []
        files = {test.partition("::")[0] for test in self._claims}
        return [
            test
            for test in before
            if test.partition("::")[0] in files
            and test.rpartition(" ")[0] not in self._claims
            and test not in self._claims
        ]
