"""The table [lint]: what it takes, and what it says of what it does not know."""

import pytest

from durahub.errors import BadSettingsFile
from durahub_migrate.lint.finding import Severity
from durahub_migrate.lint.settings.settings import settings_of
from durahub_migrate.lint.settings.settings_table import Told, read_table
from durahub_migrate.lint.target import Thresholds

CODES = ("CFG101", "IDN501", "IDN502", "PAY401")
FULL = """
[server]
hubs = ["orders"]

[lint]
profile = "strict"
extend-select = ["PAY401"]
ignore = ["IDN502"]
baseline-date = "2026-11"
fail-on = "warning"
baseline = "known.json"

[lint.severity]
IDN = "warning"

[lint.thresholds]
id-most = 80
uneven = 2

[lint.target]
sdk = "Python"
capacity = 2
names = ["Order", "Ship"]
production = false

[[lint.ignore-finding]]
rule = "IDN501"
where = "old-*"
reason = "they end in March"
until = 2027-03-31

[lint.hubs.Orders]
ignore = ["CFG"]
target = { sdk = "java" }
thresholds.id-most = 60

[[lint.hubs.orders.ignore-finding]]
rule = "PAY"
reason = "archived"
""".replace("[[lint.hubs.orders.", "[[lint.hubs.Orders.")


def told(text: str) -> Told:
    found = read_table(text, "durahub.toml", CODES)
    assert found is not None
    return found


def test_every_kind_of_setting_is_read() -> None:
    settings = settings_of(told(FULL), {}, "durahub.toml")

    assert settings.general.selection.profile == "strict"
    assert settings.general.selection.until == "2026-11"
    assert settings.general.severity == {"IDN": Severity.WARNING}
    assert settings.general.thresholds == Thresholds(id_most=80, uneven=2.0)
    assert settings.general.target.sdk == "python"
    assert settings.general.target.names == {"Order", "Ship"}
    assert settings.general.target.production is False
    assert (settings.fail_on, settings.baseline) == ("warning", "known.json")
    (ignore,) = settings.general.ignores
    assert (ignore.rule, ignore.where, ignore.until) == ("IDN501", "old-*", "2027-03-31")


def test_a_hub_has_what_all_have_and_its_own() -> None:
    hub = settings_of(told(FULL), {}).of("ORDERS")

    assert hub.selection.profile == "strict"
    assert hub.selection.ignore == ("IDN502", "CFG")
    assert (hub.target.sdk, hub.target.capacity) == ("java", 2)
    assert hub.thresholds == Thresholds(id_most=60, uneven=2.0)
    assert [ignore.hub for ignore in hub.ignores] == [None, "Orders"]


def test_the_command_line_goes_over_the_file_and_its_select_replaces_what_is_selected_there() -> (
    None
):
    asked = {"select": ("IDN",), "fail-on": "info", "thresholds.id-most": 70}

    settings = settings_of(told(FULL), asked)

    assert settings.general.selection.select == ("IDN",)
    assert settings.general.selection.ignore == ()
    assert settings.of("orders").selection.select == ("IDN",)
    assert settings.of("orders").selection.ignore == ()
    assert settings.of("orders").thresholds.id_most == 70
    assert settings.fail_on == "info"


def test_ignore_on_the_command_line_adds_to_that_of_the_file() -> None:
    settings = settings_of(told(FULL), {"ignore": ("PAY",)})

    assert settings.general.selection.ignore == ("IDN502", "PAY")


def test_a_file_without_the_table_says_nothing() -> None:
    assert read_table("[server]\nhubs = ['a']", "durahub.toml", CODES) is None


def test_the_table_may_stand_in_another_one() -> None:
    text = "[tool.durahub.lint]\nfail-on = 'info'"

    found = read_table(text, "pyproject.toml", CODES, table="tool.durahub.lint")

    assert found is not None
    assert found.values == {"fail-on": "info"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[lint", "not TOML"),
        ("lint = 3", "lint: expected a table"),
        ("[lint]\nselct = ['IDN']", "lint.selct: there is no such setting; did you mean select?"),
        ("[lint]\nselect = 'IDN'", "lint.select: expected a list of texts"),
        (
            "[lint]\nselect = ['IND501']",
            "no rule's code begins with 'IND501'; did you mean IDN501?",
        ),
        ("[lint]\nprofile = 'all'", "lint.profile: expected one of recommended, migrate"),
        ("[lint]\nbaseline-date = '2026-13'", "lint.baseline-date: expected a month"),
        ("[lint]\nthresholds = 3", "lint.thresholds: there is no such setting"),
        ("[lint.thresholds]\nid-mots = 3", "did you mean thresholds.id-most?"),
        ("[lint.thresholds]\nid-most = -3", "lint.thresholds.id-most: expected a whole number"),
        ("[lint.thresholds]\nid-most = true", "lint.thresholds.id-most: expected a whole number"),
        ("[lint.target]\nsdk = 'rust'", "lint.target.sdk: expected one of dotnet, python"),
        ("[lint.target]\nnew-ids = ['a']", "lint.target.new-ids: there is no such setting"),
        ("[lint.severity]\nIDN501 = 'fatal'", "lint.severity: expected one of error, warning"),
        ("[lint.severity]\nXYZ = 'info'", "no rule's code begins with 'XYZ'"),
        ("[lint]\nignore-finding = 3", "lint.ignore-finding: expected [[lint.ignore-finding]]"),
        ("[[lint.ignore-finding]]\nrule = 'IDN'", "lint.ignore-finding[0]: reason is missing"),
        ("[[lint.ignore-finding]]\nreason = 'x'", "lint.ignore-finding[0]: rule is missing"),
        (
            "[[lint.ignore-finding]]\nrule = 'IDN'\nreason = 'x'\nuntill = 2027-01-01",
            "lint.ignore-finding[0].untill: there is no such key; did you mean until?",
        ),
        (
            "[[lint.ignore-finding]]\nrule = 'IDN'\nreason = 'x'\nuntil = 'soon'",
            "until: expected a date",
        ),
        ("[lint.hubs.orders]\nfail-on = 'info'", "counts for the whole run"),
        ("[lint.hubs.orders.hubs.x]", "lint.hubs.orders.hubs: there is no such setting"),
        (
            "[lint.hubs.orders]\n[lint.hubs.Orders]",
            "lint.hubs.Orders: this hub has a table already",
        ),
        ("[lint]\nhubs = ['orders']", "lint.hubs: expected a table for each hub"),
    ],
)
def test_what_means_nothing_is_an_error_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadSettingsFile) as refused:
        read_table(text, "durahub.toml", CODES)

    assert said in str(refused.value)
    assert "durahub.toml" in str(refused.value)
