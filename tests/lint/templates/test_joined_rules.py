"""Rules that look at templates and at something else together: apps, instances, other policies."""

import json
from typing import Any

from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.files.app_reader import read_app
from durahub_migrate.lint.files.templates import facts_of_file
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import arm, ret
from durahub_migrate.lint.target import Given, Target
from durahub_migrate.lint.template_examples import hub, retention, scheduler

ACCOUNT = (
    "resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {\n  name: 'orders'\n}\n"
)


def of_app(settings: dict[str, str] | None = None, **task: Any) -> list[Any]:
    storage = {"type": "azureManaged", **task.pop("storage", {})}
    host = {"extensions": {"durableTask": {"storageProvider": storage, **task}}}
    texts = {"app/host.json": json.dumps(host)}
    if settings is not None:
        texts["app/appsettings.json"] = json.dumps(settings)
    return list(read_app("app", texts))


def found(code: str, *facts: Any, **target: Any) -> list[Finding]:
    given = Given(now=EXAMPLE_TIME, target=Target(**target))
    return [one for one in judge([*arm.RULES, *ret.RULES], facts, given) if one.code == code]


def of_template(text: str) -> list[Any]:
    return list(facts_of_file("main.bicep", text, {}))


def test_an_app_names_a_hub_that_its_template_does_not_declare() -> None:
    template = of_template(scheduler() + hub("'orders'"))
    (finding,) = found("ARM908", *of_app(hubName="Order"), *template)
    assert finding.place.source == "app/host.json"
    assert found("ARM908", *of_app(hubName="Orders"), *template) == []


def test_a_hub_that_is_named_by_a_setting_is_looked_up_there() -> None:
    template = of_template(scheduler() + hub("'orders'"))
    app = of_app({"TASKHUB_NAME": "order"}, hubName="%TASKHUB_NAME%")
    assert [one.place.source for one in found("ARM908", *app, *template)] == [
        "app/appsettings.json"
    ]
    assert found("ARM908", *of_app(hubName="%TASKHUB_NAME%"), *template) == []


def test_a_scheduler_without_any_hub_has_not_the_apps_either() -> None:
    assert found("ARM908", *of_app(hubName="orders"), *of_template(scheduler())) != []


def test_a_template_that_could_not_be_read_as_a_whole_may_declare_the_hub() -> None:
    template = of_template(scheduler() + "module hubs 'hubs.bicep' = {\n  name: 'hubs'\n}\n")
    assert found("ARM908", *of_app(hubName="orders"), *template) == []


def test_an_app_that_offloads_payloads_wants_them_deleted_some_day() -> None:
    app = of_app(storage={"payloadStorageEnabled": True})
    assert found("RET813", *app, *of_template(ACCOUNT)) != []
    assert found("RET813", *of_app(), *of_template(ACCOUNT)) == []


def test_instances_that_are_overdue_on_arrival_are_counted() -> None:
    policy = of_template(scheduler() + retention("30", "Failed: 0"))
    year_ago = EXAMPLE_TIME - 365 * 86_400 * 10_000_000
    ended = {"completed": year_ago, "last_updated": year_ago}
    instances = [
        an_instance("a", status="Completed", row=ended),
        an_instance("b", status="Failed", row=ended),
        an_instance("c", status="Running", row=ended),
    ]
    (finding,) = found("RET808", *policy, a_hub(), *instances, strategy="b3")
    assert finding.detail.startswith("2 instances have ended")
    assert found("RET808", a_hub(), *instances, *policy, strategy="b3") == [finding]
