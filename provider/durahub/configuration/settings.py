"""Settings by their path, laid over each other, to what a server is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from durahub.authorization.grant_text import rule_of
from durahub.authorization.settings import AuthSettings
from durahub.authorization.trust import AUDIENCES
from durahub.classic.identity import Identity
from durahub.classic.names import check_hub_name
from durahub.classic.options import Level, Manager
from durahub.configuration.keys import BY_HUB_PATH, BY_PATH, DEFAULTS, HUBS
from durahub.configuration.kinds import Flat, Value
from durahub.engine.limits import CLASSIC, Limits, limits_named
from durahub.engine.retention import KEEP, Retention
from durahub.errors import BadSetting
from durahub.model.history import Status

ORDINARY_POLL = 10.0  # seconds; a storage account bills each look


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """What a server is told of one hub; times in seconds. ``partitions`` may be the hub's own number."""

    partitions: int | None = None
    manager: Manager = Manager.AUTO
    level: Level = Level.DEFAULT
    visibility: float = 60.0
    activity_visibility: float | None = None  # None: as visibility
    control_batch: int = 32
    message_buffer: int = 2_000
    message_memory: int = 64  # MiB
    history_cache: int = 64  # MiB
    base64_messages: bool = False
    max_orchestrations: int | None = None  # None: as many as the workers take
    max_activities: int | None = None
    max_entities: int | None = None
    entity_operations: int = 5_000
    max_poll: float = ORDINARY_POLL
    limits: Limits = CLASSIC
    retention: Retention = KEEP


@dataclass(frozen=True, slots=True)
class PurgeSettings:
    """How the server purges what is due: the pause between two searches, and a budget."""

    every: float = 600.0
    requests_per_second: float = 50.0


@dataclass(frozen=True, slots=True)
class ServerBounds:
    """What a server takes on at once; *request_memory* in MiB."""

    calls: int = 2_000
    waits: int = 20_000
    streams: int = 2_000
    request_memory: int = 256


@dataclass(frozen=True, slots=True)
class DrainSettings:
    """How a server stops, in seconds: not ready for *delay*, then *timeout* at most for what is out."""

    delay: float = 0.0
    timeout: float = 20.0


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The log: its form, ``text`` or ``json``, and the least that it tells, ``None`` for the usual."""

    form: str = "text"
    level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server is told. The first hub is the default one; a port of 0 is any free one."""

    store: str | None = field(default=None, repr=False)  # a connection string holds a key
    identity: Identity = field(default_factory=Identity)  # of storage:ACCOUNT
    cloud: str = "public"
    use_proxy: bool = False
    tracking: str | None = None  # the account of tables and blobs, where it is another
    tracking_prefix: str | None = None
    worker_id: str | None = None
    app_name: str | None = None
    use_app_lease: bool | None = None  # None: if there is an app name
    hubs: tuple[str, ...] = ("default",)
    host: str = "127.0.0.1"
    grpc_port: int = 8080
    http_port: int = 8082
    api_port: int | None = 8081
    tls: tuple[Path, Path] | None = None  # certificate chain, key
    client_ca: Path | None = None
    allow_anonymous: bool = False
    auth: AuthSettings = field(default_factory=AuthSettings)
    max_message: int = 64  # MiB
    max_calls_per_connection: int = 10_000
    max_connections: int = 1_000
    dynamic_hubs: bool = False
    allow_hub_management: bool = False
    functions_keys: tuple[str, ...] = ()  # env:VARIABLE each
    monitor: bool | None = None  # None: where nobody else than this machine's user can see it
    bounds: ServerBounds = field(default_factory=ServerBounds)
    traces: bool = False
    drain: DrainSettings = field(default_factory=DrainSettings)
    log: LogSettings = field(default_factory=LogSettings)
    purge: PurgeSettings = field(default_factory=PurgeSettings)
    defaults: HubSettings = field(default_factory=HubSettings)
    each: Mapping[str, HubSettings] = field(default_factory=dict)  # by folded name

    def of(self, hub: str) -> HubSettings:
        """Return the settings of a hub, whether it was named or not."""
        return self.each.get(hub.casefold(), self.defaults)


def layered(*layers: Flat) -> Flat:
    """Return the settings of all layers; a later one beats an earlier one.

    What a later layer says of all hubs beats what an earlier one says of a single hub.
    """
    result: dict[str, Value] = {}
    for layer in layers:
        for path in layer:
            if path.startswith(DEFAULTS):
                own = path.removeprefix(DEFAULTS)
                for single in [known for known in result if _hub_path(known) == own]:
                    del result[single]
        result.update(layer)
    return result


def settings_of(flat: Flat) -> Settings:
    """Return the settings. Raises `BadHubName`, `BadSetting` where two contradict each other."""
    tabled = flat.get(HUBS) or ()
    hubs = flat.get("server.hubs") or tabled or ("default",)
    assert isinstance(hubs, tuple)  # noqa: S101 (for the types)
    assert isinstance(tabled, tuple)  # noqa: S101 (for the types)
    for name in (*hubs, *tabled):
        check_hub_name(name)
    served = {name.casefold() for name in hubs}
    dynamic = bool(_value(flat, "server.dynamic_hubs"))
    for name in tabled:
        if name.casefold() not in served and not dynamic and "server.hubs" in flat:
            raise BadSetting(f"hubs.{name}", "a table", "one of a hub that server.hubs names")
    cert, key = flat.get("server.tls.cert"), flat.get("server.tls.key")
    if (cert is None) != (key is None):
        raise BadSetting("server.tls", "one file", "both a certificate and a key")
    client_ca = flat.get("server.tls.client_ca")
    if client_ca is not None and cert is None:
        raise BadSetting("server.tls.client_ca", client_ca, "a certificate of the server beside it")
    api_port = _value(flat, "server.api_port")
    keys = flat.get("server.functions_keys") or ()
    use_app_lease = flat.get("store.use_app_lease")
    monitor = flat.get("server.monitor")
    assert isinstance(keys, tuple)  # noqa: S101 (for the types)
    return Settings(
        store=_text(flat.get("store.address")),
        identity=Identity(
            credential=str(_value(flat, "store.credential")),
            client_id=_text(flat.get("store.client_id")),
            tenant_id=_text(flat.get("store.tenant_id")),
        ),
        cloud=str(_value(flat, "store.cloud")),
        use_proxy=bool(_value(flat, "store.use_proxy")),
        tracking=_text(flat.get("store.tracking")),
        tracking_prefix=_text(flat.get("store.tracking_prefix")),
        worker_id=_text(flat.get("store.worker_id")),
        app_name=_text(flat.get("store.app_name")),
        use_app_lease=None if use_app_lease is None else bool(use_app_lease),
        hubs=hubs,
        host=str(_value(flat, "server.host")),
        grpc_port=_int(_value(flat, "server.grpc_port")),
        http_port=_int(_value(flat, "server.http_port")),
        api_port=None if api_port is None else _int(api_port),
        tls=(Path(str(cert)), Path(str(key))) if cert is not None else None,
        client_ca=Path(str(client_ca)) if client_ca is not None else None,
        allow_anonymous=bool(_value(flat, "server.allow_anonymous")),
        auth=_auth(flat),
        max_message=_int(_value(flat, "server.max_message")),
        max_calls_per_connection=_int(_value(flat, "server.max_calls_per_connection")),
        max_connections=_int(_value(flat, "server.max_connections")),
        dynamic_hubs=dynamic,
        allow_hub_management=bool(_value(flat, "server.allow_hub_management")),
        functions_keys=keys,
        monitor=None if monitor is None else bool(monitor),
        bounds=ServerBounds(
            _int(_value(flat, "server.max_calls")),
            _int(_value(flat, "server.max_waits")),
            _int(_value(flat, "server.max_streams")),
            _int(_value(flat, "server.max_request_memory")),
        ),
        traces=bool(_value(flat, "server.traces")),
        drain=DrainSettings(
            _float(_value(flat, "server.drain.delay")),
            _float(_value(flat, "server.drain.timeout")),
        ),
        log=LogSettings(
            str(_value(flat, "server.log.format")), _text(flat.get("server.log.level"))
        ),
        purge=PurgeSettings(
            _float(_value(flat, "purge.every")),
            _float(_value(flat, "purge.requests_per_second")),
        ),
        defaults=_hub_settings(flat, DEFAULTS),
        each={name.casefold(): _hub_settings(flat, f"{HUBS}.{name}.") for name in tabled},
    )


def _auth(flat: Flat) -> AuthSettings:
    pairs = (one.partition("=env:") for one in _texts(flat, "server.auth.tokens"))
    tokens_file = flat.get("server.auth.tokens_file")
    skew = _float(_value(flat, "server.auth.clock_skew"))
    auth = AuthSettings(
        rules=tuple(rule_of(one) for one in _texts(flat, "server.auth.grants")),
        tokens=tuple((name, variable) for name, _, variable in pairs),
        tokens_file=Path(str(tokens_file)) if tokens_file is not None else None,
        tenants=_texts(flat, "server.auth.tenants"),
        authority=str(_value(flat, "server.auth.authority")),
        issuers=_texts(flat, "server.auth.issuers"),
        audiences=_texts(flat, "server.auth.audiences") or AUDIENCES,
        clock_skew=skew,
        open_metrics=bool(_value(flat, "server.auth.open_metrics")),
    )
    if auth.are_configured and _value(flat, "server.allow_anonymous"):
        expected = "false beside server.auth: nobody would be asked, or nobody let in unasked"
        raise BadSetting("server.allow_anonymous", True, expected)
    return auth


def _texts(flat: Flat, path: str) -> tuple[str, ...]:
    found = flat.get(path) or ()
    assert isinstance(found, tuple)  # noqa: S101 (for the types)
    return found


def _value(flat: Flat, path: str) -> Value:
    return flat[path] if path in flat else BY_PATH[path].default


def _hub_path(path: str) -> str | None:
    """Return the part of a single hub's path behind the hub's name."""
    return path.split(".", 2)[2] if path.startswith(f"{HUBS}.") else None


def _hub_settings(flat: Flat, prefix: str) -> HubSettings:
    def value(path: str) -> Value:
        for start in (prefix, DEFAULTS):
            if f"{start}{path}" in flat:
                return flat[f"{start}{path}"]
        return BY_HUB_PATH[path].default

    def given(path: str) -> bool:
        return f"{prefix}{path}" in flat or f"{DEFAULTS}{path}" in flat

    def number(path: str) -> int | None:
        return None if value(path) is None else _int(value(path))

    max_poll, activity_visibility = value("max_poll"), value("activity_visibility")
    by_status = {
        status: _period(value(f"retention.{status.name.lower()}"))
        for status in (Status.Completed, Status.Failed, Status.Terminated, Status.Canceled)
        if given(f"retention.{status.name.lower()}")
    }
    return HubSettings(
        partitions=number("partitions"),
        manager=Manager(value("partition_manager")),
        level=Level(value("level")),
        visibility=_float(value("visibility")),
        activity_visibility=None if activity_visibility is None else _float(activity_visibility),
        control_batch=_int(value("control_batch")),
        message_buffer=_int(value("message_buffer")),
        message_memory=_int(value("message_memory")),
        history_cache=_int(value("history_cache")),
        base64_messages=value("queue_encoding") == "base64",
        max_orchestrations=number("max_orchestrations"),
        max_activities=number("max_activities"),
        max_entities=number("max_entities"),
        entity_operations=_int(value("entity_operations")),
        max_poll=ORDINARY_POLL if max_poll is None else _float(max_poll),
        limits=limits_named(str(value("limits"))),
        retention=Retention(_period(value("retention.all")), by_status),
    )


def _period(value: Value) -> float | None:
    return None if value is None else _float(value)


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _int(value: Value) -> int:
    assert isinstance(value, int)  # noqa: S101 (for the types)
    return value


def _float(value: Value) -> float:
    assert isinstance(value, int | float)  # noqa: S101 (for the types)
    return float(value)
