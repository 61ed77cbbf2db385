"""The settings file: what it may say, and what is said about what it may not."""

import pytest

from durahub.configuration.kinds import show
from durahub.configuration.settings import layered, settings_of
from durahub.configuration.settings_file import read_settings
from durahub.engine.limits import CLASSIC, DTS
from durahub.errors import BadHubName, BadSetting, BadSettingsFile
from durahub.model.history import Status

DAY = 86_400.0

FULL = """
[store]
address = "sqlite:hub.db"
worker_id = "one"

[server]
host = "0.0.0.0"
hubs = ["orders", "billing"]
grpc_port = 0
http_port = 9082
api_port = false
dynamic_hubs = true
allow_hub_management = true
functions_keys = ["env:ONE", "env:OTHER"]

[server.tls]
cert = "chain.pem"
key = "key.pem"

[defaults]
partitions = 8
visibility = "2m"
activity_visibility = "10m"
control_batch = 16
message_buffer = 99
queue_encoding = "base64"
max_orchestrations = 5
max_entities = 7
entity_operations = 50
max_poll = 1.5
limits = "dts"

[defaults.retention]
all = "30d"

[hubs.orders]
limits = "classic"

[hubs.orders.retention]
completed = "1d12h"
failed = "never"
canceled = 0

[purge]
every = "5m"
requests_per_second = 20
"""


def test_every_setting_is_read() -> None:
    settings = settings_of(read_settings(FULL, "durahub.toml"))

    assert settings.store == "sqlite:hub.db"
    assert settings.worker_id == "one"
    assert settings.hubs == ("orders", "billing")
    assert (settings.host, settings.grpc_port, settings.http_port) == ("0.0.0.0", 0, 9082)
    assert settings.api_port is None
    assert [path.name for path in settings.tls or ()] == ["chain.pem", "key.pem"]
    assert settings.dynamic_hubs
    assert settings.allow_hub_management
    assert settings.functions_keys == ("env:ONE", "env:OTHER")
    assert (settings.purge.every, settings.purge.requests_per_second) == (300.0, 20.0)


def test_a_hub_has_the_defaults_but_for_what_its_table_says() -> None:
    settings = settings_of(read_settings(FULL, "durahub.toml"))
    orders, billing = settings.of("ORDERS"), settings.of("billing")

    assert (orders.partitions, orders.visibility, orders.max_poll) == (8, 120.0, 1.5)
    assert (orders.activity_visibility, orders.control_batch) == (600.0, 16)
    assert (orders.message_buffer, orders.base64_messages) == (99, True)
    assert (orders.max_orchestrations, orders.max_activities, orders.max_entities) == (5, None, 7)
    assert orders.entity_operations == 50
    assert (orders.limits, billing.limits) == (CLASSIC, DTS)
    assert orders.retention.period(Status.Completed) == 1.5 * DAY
    assert orders.retention.period(Status.Failed) is None
    assert orders.retention.period(Status.Canceled) == 0
    assert orders.retention.period(Status.Terminated) == 30 * DAY
    assert billing.retention.period(Status.Failed) == 30 * DAY
    assert settings.of("neverNamed") == settings.defaults


def test_an_empty_file_says_nothing() -> None:
    settings = settings_of(read_settings("", "durahub.toml"))

    assert settings.hubs == ("default",)
    assert (settings.grpc_port, settings.http_port, settings.api_port) == (8080, 8082, 8081)
    assert not settings.defaults.retention.purges


def test_without_a_list_the_hubs_are_those_that_have_a_table() -> None:
    settings = settings_of(read_settings("[hubs.second]\n[hubs.first]\n", "durahub.toml"))

    assert settings.hubs == ("second", "first")


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("[server]\ngrpc_prot = 1", "server.grpc_prot", "did you mean server.grpc_port?"),
        ("[sever]\ngrpc_port = 1", "sever", "there is no such setting"),
        ("[hubs.a.retension]\nall = '1d'", "hubs.a.retension", "hubs.a.retention"),
        ("[hubs.orders]\npartition = 4", "hubs.orders.partition", "hubs.orders.partitions?"),
        ("partitions = 4", "partitions", "defaults.partitions"),
        ("hubs = ['a']", "hubs", "there is no such setting"),
        ("[server]\ngrpc_port = '80a'", "server.grpc_port", "from 0 to 65535, found '80a'"),
        ("[server]\ngrpc_port = 65536", "server.grpc_port", "found 65536"),
        ("[server]\ngrpc_port = true", "server.grpc_port", "found True"),
        ("[server]\napi_port = true", "server.api_port", "a port, or false for none"),
        ("[server]\nhost = 7", "server.host", "expected a text, found 7"),
        ("[server.host]\nname = 'x'", "server.host", "expected a text, found a table"),
        ("[server]\nhubs = 'x, 7'\ndynamic_hubs = 'maybe'", "server.dynamic_hubs", "true or false"),
        ("[server]\nhubs = [7]", "server.hubs", "a list of names"),
        ("[defaults]\npartitions = 17", "defaults.partitions", "from 1 to 16"),
        ("[defaults]\nlimits = 'DTS'", "defaults.limits", '"classic" or "dts"'),
        ("[defaults]\nvisibility = '1s'", "defaults.visibility", "from 2 to 3600 s"),
        ("[defaults]\nmax_poll = nan", "defaults.max_poll", "found nan"),
        ("[defaults]\nmax_poll = '5 weeks'", "defaults.max_poll", "a length of time"),
        ("[hubs.a.retention]\nall = 30", "hubs.a.retention.all", 'such as "30d"'),
        ("[hubs.a.retention]\nfailed = true", "hubs.a.retention.failed", '"never"'),
        ("[purge]\nrequests_per_second = 0", "purge.requests_per_second", "from 0.1"),
        ("[store]\naddress = 'nowhere'", "store.address", "env:VARIABLE"),
        ("[store]\naddress = 5", "store.address", "found 5"),
        ("[hubs.Orders]\n[hubs.orders]", "hubs.orders", "the same hub as hubs.Orders"),
    ],
)
def test_what_means_nothing_is_named_with_what_is_expected(text: str, key: str, said: str) -> None:
    with pytest.raises(BadSettingsFile) as raised:
        read_settings(text, "durahub.toml")

    assert raised.value.key == key
    assert str(raised.value).startswith("DH108: durahub.toml: ")
    assert said in raised.value.problem


def test_what_is_not_toml_is_said_with_its_line() -> None:
    with pytest.raises(BadSettingsFile, match=r"not TOML: .*line 2"):
        read_settings("[server]\nhost = \n", "durahub.toml")


def test_a_connection_string_in_the_file_is_refused_and_not_shown() -> None:
    text = '[store]\naddress = "AccountName=x;AccountKey=hush"'
    with pytest.raises(BadSettingsFile, match="goes into a variable") as raised:
        read_settings(text, "durahub.toml")
    assert "hush" not in str(raised.value)


def test_a_later_layer_beats_an_earlier_one_and_single_hubs_too() -> None:
    file = read_settings(FULL, "durahub.toml")
    settings = settings_of(layered(file, {"server.grpc_port": 7, "defaults.limits": "dts"}))

    assert settings.grpc_port == 7
    assert settings.of("orders").limits is DTS
    assert settings.of("orders").retention.period(Status.Canceled) == 0


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("[server]\nhubs = ['no-hub']", BadHubName, "no-hub"),
        ("[hubs.no-hub]", BadHubName, "no-hub"),
        ("[server.tls]\ncert = 'x'", BadSetting, "both a certificate and a key"),
        ("[server]\nhubs = ['one']\n[hubs.two]", BadSetting, "hubs.two"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        settings_of(read_settings(text, "durahub.toml"))


def test_a_table_of_a_hub_that_is_not_served_is_for_a_dynamic_one() -> None:
    text = "[server]\nhubs = ['one']\ndynamic_hubs = true\n[hubs.two]\nlimits = 'dts'"

    assert settings_of(read_settings(text, "durahub.toml")).of("two").limits is DTS


def test_what_is_shown_can_be_read_again() -> None:
    flat = read_settings(FULL, "durahub.toml")
    lines = [f"{path} = {show(path, value)}" for path, value in flat.items() if path != "hubs"]

    assert read_settings("\n".join(lines), "durahub.toml") == flat | {"hubs": ("orders",)}


@pytest.mark.parametrize("value", ['"secret"', '["env:"]', "[]", "7"])
def test_a_key_itself_stands_in_no_file(value: str) -> None:
    with pytest.raises(BadSettingsFile, match="env:VARIABLE") as refused:
        read_settings(f"[server]\nfunctions_keys = {value}", "durahub.toml")
    assert "server.functions_keys" in str(refused.value)


def test_the_table_of_the_linter_is_none_of_the_servers_business() -> None:
    text = "[lint]\nselect = ['ALL']\nwhat = 1\n[lint.target]\nsdk = 'python'\n[hubs.orders]"

    assert read_settings(text, "durahub.toml") == {"hubs": ("orders",)}
