"""The rules of the family CFG beyond their examples: their fixes, what they show, real-life apps."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from durahub_migrate.lint.facts.apps import WORKER_EXTENSION, WORKER_MANAGED, AppFacts
from durahub_migrate.lint.files.app_reader import read_app
from durahub_migrate.lint.finding import Finding, Fix
from durahub_migrate.lint.fixing import fixed, settled
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rule import EXAMPLE_TIME, Example, Rule
from durahub_migrate.lint.rules.cfg import RULES
from durahub_migrate.lint.target import Given

GIVEN = Given(now=EXAMPLE_TIME)
APPS = Path(__file__).parent / "samples"


def found(texts: Mapping[str, str]) -> list[Finding]:
    return list(judge(RULES, read_app("", texts), GIVEN))


def codes(texts: Mapping[str, str]) -> list[str]:
    return sorted(one.code for one in found(texts))


def sample(name: str) -> dict[str, str]:
    return {
        path.name: path.read_text("utf-8")
        for path in sorted((APPS / name).iterdir())
        if path.is_file()
    }


def fixes(texts: Mapping[str, str]) -> Iterable[Fix]:
    return [one.fix for one in found(texts) if one.fix is not None]


_WITH_FIXES = [
    pytest.param(rule, example, id=f"{rule.code} {example.text}")
    for rule in RULES
    for example in rule.bad
    if any(one.fix and one.fix.file == "host.json" for one in judge([rule], example.facts, GIVEN))
]


@pytest.mark.parametrize(("rule", "example"), _WITH_FIXES)
def test_a_fix_ends_its_finding_and_leaves_json(rule: Rule[Any], example: Example) -> None:
    (app,) = [one for one in example.facts if isinstance(one, AppFacts)]
    wanted = [one.fix for one in judge([rule], [app], GIVEN) if one.fix is not None]
    text = fixed(app.host.text, wanted, unsafe=True)
    json.loads(text)
    (after,) = read_app("", {"host.json": text})
    left = [one for one in judge([rule], [after], GIVEN) if one.fix is not None]
    assert len(left) < len(wanted)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_no_rule_shows_the_value_of_an_app_setting(rule: Rule[Any]) -> None:
    secret = "AccountKey=c2VjcmV0c2VjcmV0"
    settings = [
        {"name": name, "value": f"Endpoint=http://localhost;Authentication=None;{secret}"}
        for name in ("DTS", "AzureWebJobsDTS", "FUNCTIONS_WORKER_RUNTIME", "HUB", "TRACK")
    ]
    provider = {"type": "azureManaged", "connectionStringName": "DTS"}
    task = {"hubName": "%HUB%", "storageProvider": provider}
    texts = {
        "host.json": json.dumps({"version": "2.0", "extensions": {"durableTask": task}}),
        "appsettings.prod.json": json.dumps(settings),
    }
    for one in judge([rule], read_app("", texts), GIVEN):
        assert "c2VjcmV0" not in f"{one.detail} {one.head} {one.place}"


def test_the_quickstart_of_the_scheduler_has_nothing_wrong() -> None:
    assert set(codes(sample("quickstart"))) == {"CFG111"}


def test_a_tuned_classic_app_has_what_is_to_be_known_before_a_move() -> None:
    assert codes(sample("classic")) == [
        "CFG111",
        "CFG111",
        "CFG114",
        "CFG115",
        "CFG116",
        "CFG116",
        "CFG118",
    ]


def test_the_classic_app_moved_by_its_provider_alone_is_cleaned_by_fixes() -> None:
    texts = sample("classic")
    texts["host.json"] = texts["host.json"].replace('"AzureStorage"', '"azureManaged"')
    before = codes(texts)
    assert before.count("CFG104") == 9
    assert before.count("CFG105") == 2
    after = settled(texts, fixes, unsafe=False)
    assert not {"CFG104", "CFG105"} & set(codes(after))
    assert "// a name that the whole company knows" in after["host.json"]
    assert "CFG123" not in codes(after)


def test_functions_1x_has_its_section_at_the_top() -> None:
    (app,) = read_app("", sample("functions1x"))
    assert isinstance(app, AppFacts)
    assert app.at_top
    name, partitions = app.get("HubName"), app.stored("partitionCount")
    assert name is not None
    assert partitions is not None
    assert (name.text, partitions.number) == ("LegacyOrders", 8)
    assert codes(sample("functions1x")) == ["CFG111", "CFG116"]


def test_the_migration_skills_samples_are_caught() -> None:
    assert codes(sample("skill")) == ["CFG106", "CFG111", "CFG112", "CFG112"]
    texts = sample("skill")
    texts["host.json"] = texts["host.json"].replace("azureManaged", "azure")
    assert "CFG101" in codes(texts)


def test_an_app_setting_comes_before_host_json_and_has_no_fix() -> None:
    texts = sample("quickstart")
    name = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__type"
    texts["appsettings.prod.json"] = json.dumps([{"name": name, "value": "azure"}])
    (first,) = [one for one in found(texts) if one.code == "CFG101"]
    assert first.place.source == "appsettings.prod.json"
    assert first.fix is None


def test_what_local_settings_alone_say_does_not_hide_host_json() -> None:
    texts = sample("quickstart")
    local = json.loads(texts["local.settings.json"])
    local["Values"]["AzureFunctionsJobHost:extensions:durableTask:hubName"] = "mine"
    local["Values"]["AzureFunctionsJobHost__extensions__durableTask__useAppLease"] = "false"
    texts["local.settings.json"] = json.dumps(local)
    (app,) = read_app("", texts)
    assert isinstance(app, AppFacts)
    hub, lease = app.get("hubName"), app.get("useAppLease")
    assert hub is not None
    assert lease is not None
    assert (hub.text, lease.is_false) == ("%TASKHUB_NAME%", True)


def test_an_app_whose_hub_name_the_deployment_knows_is_joined_with_the_only_hub() -> None:
    from durahub_migrate.lint.examples import a_hub
    from durahub_migrate.lint.rules.cfg.an_app import an_app

    app = an_app({"hubName": "%HUB%", "storageProvider": {"partitionCount": 8}})
    one = [a_hub(task_hub_json=4)]
    two = [*one, a_hub(name="bills", task_hub_json=4)]
    assert [each.code for each in judge(RULES, [app, *one], GIVEN)] == ["CFG121"]
    assert [each.code for each in judge(RULES, [app, *two], GIVEN)] == []


def test_the_version_of_a_package_is_raised_where_it_stands() -> None:
    texts = sample("quickstart")
    del texts["requirements.txt"], texts["local.settings.json"]
    texts["app.csproj"] = (
        "<Project><ItemGroup>\n"
        f'  <PackageReference Include="{WORKER_EXTENSION}" Version="1.1.0" />\n'
        f'  <PackageReference Include="{WORKER_MANAGED}" Version="1.0.0" />\n'
        "</ItemGroup></Project>\n"
    )
    after = settled(texts, fixes, unsafe=True)["app.csproj"]
    assert after == texts["app.csproj"].replace("1.1.0", "1.2.2")
    assert "CFG107" not in codes(settled(texts, fixes, unsafe=True))


def test_no_fix_is_safe_where_an_environment_has_another_provider() -> None:
    texts = sample("classic")
    texts["host.json"] = texts["host.json"].replace('"AzureStorage"', '"azureManaged"')
    name = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__type"
    texts["local.settings.json"] = json.dumps({"Values": {name: "AzureStorage"}})
    assert codes(texts).count("CFG104") == 9
    assert settled(texts, fixes, unsafe=False) == texts
    assert "CFG104" not in codes(settled(texts, fixes, unsafe=True))
