"""Addresses and connection strings, of storage, of schedulers, of whatever is watched or moved."""

import contextlib

from durahub.address import parse_hub, parse_store
from durahub.classic import connection, named_connection
from durahub.classic.app_settings import AppSettings
from durahub.classic.clouds import CLOUDS, cloud_named
from durahub.classic.names import check_hub_name, find_hubs
from durahub.classic.proxies import proxy_of_environment
from durahub.classic.shared_access import Signature
from durahub.edge import connection as scheduler
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks
from durahub_migrate.endpoint.tokens import scope_of
from durahub_migrate.moving.place import kind_of, parse_place
from durahub_migrate.watching.addressing import parse_source
from durahub_migrate.web.who.hosts import is_known, is_loopback, is_same_origin, name_of
from durahub_migrate.web.who.proxy import Proxy, networks
from tests.fuzz.target import TIMES, target, text_of

NOW = Ticks(639_000_000_000_000_000)
SCHEMES = (
    b"azurite:",
    b"storage:",
    b"env:",
    b"sqlite:",
    b"dts:",
    b"bundle:",
    b":memory:",
    b"https://",
)
URLS = (
    b"http://",
    b"[::1]",
    b":99999",
    b"//",
    b"/",
    b"@",
    b"%2f",
    b"\t",
    b"[",
    b"]",
    b"\xef\xbc\x8f",
)
STORAGE = tuple(
    f"{name}=".encode()
    for name in (
        "AccountName", "AccountKey", "DefaultEndpointsProtocol", "EndpointSuffix", "BlobEndpoint",
        "QueueEndpoint", "TableEndpoint", "SharedAccessSignature", "UseDevelopmentStorage",
        "DevelopmentStorageProxyUri",
    )
)  # fmt: skip


@target("hub-address", words=(*SCHEMES, *URLS))
def hub_address(data: bytes) -> None:
    """The address of a hub or of a store. All who read such addresses take the same ones."""
    text = text_of(data)
    with contextlib.suppress(DurahubError):
        parse_store(text)
    with contextlib.suppress(DurahubError):
        check_hub_name(text)
    with contextlib.suppress(DurahubError):
        parse_source(text)
    place = parse_place(text)
    kind_of(place)
    if not text.lower().startswith(("dts:", "bundle:")):
        assert parse_hub(text) == place


@target("storage-connection", words=(*STORAGE, *URLS, b";", b"true", b"YWJj"))
def storage_connection(data: bytes) -> None:
    """A connection string of storage. What is refused never shows the text."""
    text = text_of(data)
    try:
        found = connection.parse(text, "the test")
    except DurahubError as error:
        said = str(error)
        secret = text.partition("AccountKey=")[2].partition(";")[0]
        is_a_name = secret.isalpha()  # of a field, which may be told of; a key is Base64
        assert len(secret) < 12 or is_a_name or secret not in said
        raise
    assert found.endpoints.table.lower().startswith(("http://", "https://"))
    proxy_of_environment(found.endpoints.table)
    connection.check_key(found, "the test")


@target(
    "named-connection",
    words=(*URLS, b"__accountName", b"__tableServiceUri", b"__credential", b"=", b"\n"),
)
def named_connection_(data: bytes) -> None:
    """The settings of an app that describe a connection, one ``NAME=VALUE`` a line."""
    pairs = (line.partition("=") for line in text_of(data).split("\n"))
    settings = AppSettings({name: value for name, _, value in pairs})
    for cloud in CLOUDS.values():
        with contextlib.suppress(DurahubError):
            named_connection.named_connection("Storage", settings, cloud)
    settings.connection("Storage")
    settings.below("Storage")


@target(
    "shared-access",
    words=(*TIMES, b"sv=", b"ss=bqt", b"srt=sco", b"sp=rwdlacup", b"se=", b"st=", b"sig="),
)
def shared_access(data: bytes) -> None:
    """A shared access signature: what is wrong with it is said, nothing is raised."""
    access = connection.SharedAccess(text_of(data))
    found = Signature.of(access)
    for writing in (True, False):
        said = found.problem(NOW, ("blob", "queue", "table"), writing=writing)
        assert said is None or said


@target(
    "scheduler-connection", words=(*URLS, b"Endpoint=", b";TaskHub=", b";Authentication=", b"None")
)
def scheduler_connection(data: bytes) -> None:
    """A connection string or an address of a scheduler. One that is taken is written and read the same."""
    text = text_of(data)
    with contextlib.suppress(DurahubError):
        scheduler.from_address(text).target  # noqa: B018 (it is worked out)
    found = scheduler.parse(text, "the test")
    assert found.target
    assert scheduler.parse(str(found), "the test") == found
    scope_of(found.endpoint)


@target("origins", words=(*URLS, b"127.0.0.1", b"localhost", b"10.0.0.0/8", b":8080", b"%lo"))
def origins(data: bytes) -> None:
    """``Host`` and ``Origin`` headers, addresses of proxies: a page of another origin is never our own."""
    text = "".join(one for one in text_of(data) if one.isprintable())  # as h11 lets it through
    for addresses in (True, False):
        is_known(text, ("monitor.example",), addresses=addresses)
    is_loopback(text)
    if is_same_origin(text, "monitor.example"):
        assert "monitor.example" in text.lower()
    name_of(text)
    proxy = Proxy(
        header="x-user", groups_header="x-groups", networks=networks(("10.0.0.0/8", "::1"))
    )
    if proxy.trusts(text):
        assert text.strip()[:2] in ("10", "::", "0:", "00", "::") or ":" in text
    proxy.named({"x-user": text, "x-groups": text})
    with contextlib.suppress(ValueError):
        networks((text,))


@target("names-found", words=(b"-control-00", b"-workitems", b"Instances", b"History", b"\n"))
def names_found(data: bytes) -> None:
    """The names of queues and tables in an account, one a line: the hubs among them."""
    names = text_of(data).split("\n")
    for hub in find_hubs(names, names, None):
        assert hub
    with contextlib.suppress(DurahubError):
        cloud_named(names[0])
