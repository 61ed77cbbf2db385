"""Every command, setting, metric and error code is documented, or one of these fails."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from prometheus_client import CollectorRegistry

from durahub.cli.explain import page_of
from durahub.cli.hub import hub
from durahub.cli.main import cli
from durahub.cli.serve import serve
from durahub.cli.up import up
from durahub.configuration.host_json_keys import CURRENT, ONLY_1X, Same, Without
from durahub.configuration.keys import ALL_KEYS
from durahub.edge.metrics import HELP, HubMetrics, HubNumbers
from durahub.edge.observed import Calls
from durahub.edge.server_metrics import HELP as SERVER_HELP
from durahub.edge.server_metrics import HubDetails, ServerMetrics
from durahub.errors import all_errors
from durahub.observing.timings import Timings
from durahub_migrate.cli.entity import entity
from durahub_migrate.cli.hub_delete import delete
from durahub_migrate.cli.hub_looks import blobs, messages, partitions, storage, stuck
from durahub_migrate.cli.instance import instance

ROOT = Path(__file__).parents[2]


def commands(
    group: click.Group | None = None, path: str = "durahub"
) -> Iterator[tuple[str, click.Command]]:
    """Yield the server's commands, and of the toolkit's those about what is in hubs."""
    found = dict((group or cli).commands)
    if group is None:
        found |= {"instance": instance, "entity": entity}
    elif group is hub:
        found |= {
            one.name or "": one for one in (blobs, delete, messages, partitions, storage, stuck)
        }
    for name, command in found.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize("code", sorted(all_errors()))
def test_every_error_code_has_a_page_that_says_what_happened_and_what_to_do(code: str) -> None:
    page = page_of(code)

    assert page is not None
    assert page.startswith(f"# {code}: ")
    assert "## What happened" in page
    assert "## What to do" in page


def test_every_page_belongs_to_an_error_code() -> None:
    pages = {page.stem for page in (ROOT / "provider/durahub/pages").glob("*.md")}

    assert pages == set(all_errors())


def test_every_error_is_raised_somewhere() -> None:
    files = [one for top in ("provider", "migrate") for one in (ROOT / top).rglob("*.py")]
    made = {
        name
        for file in files
        if file.parent != ROOT / "provider/durahub/errors"
        for name in re.findall(r"\b([A-Z]\w+)\(", file.read_text(encoding="utf-8"))
    }

    assert {error.__name__ for error in all_errors().values()} <= made


def test_the_tree_in_the_docstring_of_errors_names_every_code() -> None:
    import durahub.errors

    assert set(re.findall(r"DH\d+", durahub.errors.__doc__ or "")) == set(all_errors())


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_command_and_option_has_help(path: str, command: click.Command) -> None:
    assert command.help, path
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in ("reason", "limit"):
            assert parameter.help, f"{path} {parameter.opts}"


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_command_stands_in_the_list_of_commands(path: str, command: click.Command) -> None:
    assert f"`{path}`" in (ROOT / "docs/commands.md").read_text()


@pytest.mark.parametrize("option", [*up.params, *serve.params], ids=lambda option: str(option.name))
def test_every_setting_of_the_server_is_in_the_table_of_settings(option: click.Option) -> None:
    text = (ROOT / "docs/settings.md").read_text()

    if option.name != "verbose":
        assert f"`{option.opts[0]}`" in text
    variables = option.envvar if isinstance(option.envvar, list) else [option.envvar]
    for variable in filter(None, variables):
        assert f"`{variable}`" in text


@pytest.mark.parametrize("path", ALL_KEYS)
def test_every_key_of_the_settings_file_is_in_the_table_of_settings(path: str) -> None:
    assert f"`{path}`" in (ROOT / "docs/settings.md").read_text()


@pytest.mark.parametrize("table", [CURRENT, ONLY_1X], ids=["current", "1.x"])
def test_every_key_of_host_json_is_documented_with_its_meaning(
    table: dict[str, Same | Without],
) -> None:
    rows = dict(
        re.findall(r"^\| `([\w.]+)` \| (.+) \|$", (ROOT / "docs/settings.md").read_text(), re.M)
    )

    for name, known in table.items():
        meaning = f"`{known.path}`" if isinstance(known, Same) else known.reason
        assert meaning in rows[name], name


def test_no_key_of_host_json_is_documented_that_is_not_read() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    section = text[text.index("## host.json") : text.index("## Other commands")]
    documented = re.findall(r"^\| `([\w.]+)` \| ", section, re.M)

    assert sorted(name for name in documented if name != "extensions.durableTask") == sorted(
        [*CURRENT, *ONLY_1X]
    )


def test_every_metric_is_documented_and_every_documented_metric_exists() -> None:
    registry = CollectorRegistry()
    numbers = {"hub": HubNumbers(1, 2, 3, 4, 5, 6)}
    registry.register(
        HubMetrics(lambda: {("queue", "put"): 1}, lambda: numbers, refused=lambda: {"role": 1})
    )
    registry.register(server_metrics())
    metrics = list(registry.collect())
    histograms = {metric.name for metric in metrics if metric.type == "histogram"}
    samples = {sample.name for metric in metrics for sample in metric.samples}
    exposed = histograms | {
        name for name in samples if not any(name.startswith(f"{one}_") for one in histograms)
    }

    text = (ROOT / "docs/metrics.md").read_text().partition("## The monitor")[0]
    documented = set(re.findall(r"`(durahub_\w+)`", text))
    assert documented == exposed
    assert {metric.name for metric in metrics} == {*HELP, *SERVER_HELP}


def test_no_label_of_a_metric_can_be_an_id() -> None:
    labels = {
        label
        for metric in server_metrics().collect()
        for sample in metric.samples
        for label in sample.labels
    }

    assert labels == {
        *("rpc", "status", "service", "operation", "outcome", "hub", "kind", "end", "le"),
        *("version", "python"),
    }


def server_metrics() -> ServerMetrics:
    """Return metrics of a server that has done one of everything."""
    timings, calls = Timings(), Calls()
    for labels in (("a",), ("a", "b"), ("a", "b", "c")):
        timings.note(labels, 0.1)
    one, two, three = ({k: b} for k, b in timings.snapshot().items())
    calls.answered.note(("GetInstance", "OK"), 0.1)
    calls.under_way["GetInstance"] += 1
    details = HubDetails(
        partitions=1,
        failing=False,
        waiting={"activity": 1},
        oldest={"activity": 1.0},
        items=two,
        checkpoints=one,
        retries={"activity": 1},
    )
    retries = {("queue", "put"): 1}
    return ServerMetrics(calls, lambda: three, lambda: retries, lambda: {"hub": details})


def test_the_readme_names_the_two_commands_and_no_other_way_in() -> None:
    text = (ROOT / "README.md").read_text()

    assert "python3 dev.py demo" in text
    assert "python3 dev.py test" in text
    checks = (ROOT / ".ci/run").read_text()
    assert '"$python" dev.py "$@"' in checks
    assert re.search(r'^check ".+" \d+ test$', checks, re.MULTILINE)  # all of them
