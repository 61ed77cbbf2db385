"""Every setting, in one table: where it stands in the file, what it may be, which variable sets it.

The file, the environment and the command line are read by this table. `docs/settings.md` describes the
settings; a test holds the two together.
"""

from dataclasses import dataclass
from typing import Any

from durahub.authorization.trust import PUBLIC
from durahub.configuration import kinds
from durahub.configuration.kinds import Kind, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A setting. *default* is what counts where nothing sets it; ``None``: it depends."""

    path: str
    kind: Kind
    option: str
    variables: tuple[str, ...]
    help: str
    default: Value = None
    flag: bool = False


def _key(path: str, kind: Kind, option: str, help: str, **more: Any) -> Key:  # noqa: A002 (the word)
    variable = "DURAHUB_" + option.lstrip("-").replace("-", "_").upper()
    return Key(
        path=path,
        kind=kind,
        option=option,
        help=help,
        variables=more.pop("variables", (variable,)),
        **more,
    )


SERVER_KEYS = (
    _key(
        "app.host_json",
        kinds.text,
        "--host-json",
        "A Functions app's host.json: what it says of Durable Functions on Azure Storage counts where "
        "nothing else says otherwise.",
    ),
    _key(
        "app.settings",
        kinds.text,
        "--app-settings",
        "File with the app's settings (local.settings.json, or a list of names and values), for what "
        "the environment does not say.",
    ),
    _key(
        "store.address",
        kinds.store_address,
        "--store",
        "Where hubs are kept: env:VARIABLE (connection string in that variable), storage:ACCOUNT "
        "(Entra ID), sqlite:FILE, or a connection string.",
    ),
    _key(
        "store.credential",
        kinds.credential,
        "--credential",
        "Where tokens for storage:ACCOUNT come from: managed-identity, workload-identity, environment, "
        "cli, developer-cli, powershell, or default, which tries one after the other.",
        default="default",
    ),
    _key(
        "store.client_id",
        kinds.text,
        "--client-id",
        "Client ID of a user-assigned managed identity, or of an application with workload identity.",
    ),
    _key("store.tenant_id", kinds.text, "--tenant-id", "Tenant that tokens are asked of."),
    _key(
        "store.cloud",
        kinds.cloud,
        "--cloud",
        "Cloud that storage:ACCOUNT is in: public, china, usgov, or a suffix (core.example.net).",
        default="public",
    ),
    _key(
        "store.use_proxy",
        kinds.flag,
        "--use-proxy",
        "Reach storage through the proxy that HTTPS_PROXY names, but for the hosts in NO_PROXY.",
        default=False,
        flag=True,
    ),
    _key(
        "store.tracking",
        kinds.account_address,
        "--tracking-store",
        "The account in which History, Instances and blobs are, where they are kept apart from the "
        "queues: env:VARIABLE or storage:ACCOUNT.",
    ),
    _key(
        "store.tracking_prefix",
        kinds.table_prefix,
        "--tracking-prefix",
        "What the names of the tables History and Instances begin with instead of the hub's name. "
        "[default: DurableTask with a tracking store]",
    ),
    _key(
        "store.worker_id",
        kinds.text,
        "--worker-id",
        "Name under which partitions are held, never used twice at a time. A stable one gets them "
        "back at once after a restart. [default: unique]",
    ),
    _key(
        "store.app_name",
        kinds.text,
        "--app-name",
        "Name of the app that hubs are served for, as .NET has it (WEBSITE_SITE_NAME of a Functions "
        "app): apps of different names then take turns by the hub's app lease.",
        variables=("DURAHUB_APP_NAME", "DTFX_APP_NAME"),
    ),
    _key(
        "store.use_app_lease",
        kinds.flag,
        "--use-app-lease",
        "Serve a hub only while the app holds its app lease. [default: if there is an app name]",
        flag=True,
    ),
    _key(
        "server.hubs",
        kinds.names,
        "--hub",
        "Task hub to serve, created if missing; may be given more than once. [default: the hubs of "
        "the settings file, else default]",
        variables=("DURAHUB_HUBS", "DTS_TASK_HUB_NAMES"),
    ),
    _key(
        "server.host",
        kinds.text,
        "--host",
        "Address to listen on. Another than this machine's own wants server.auth (docs/security.md), or "
        "--allow-anonymous.",
        default="127.0.0.1",
    ),
    _key(
        "server.grpc_port",
        kinds.port,
        "--grpc-port",
        "Port for workers and clients; 0 takes any free one.",
        default=8080,
    ),
    _key(
        "server.http_port",
        kinds.port,
        "--http-port",
        "Port for the HTTP APIs, /healthz and /metrics; 0 takes any free one.",
        default=8082,
    ),
    _key(
        "server.api_port",
        kinds.port_or_none,
        "--api-port",
        "Second HTTP port, where tools look for the API of DTS's emulator; 0 takes any free one, "
        "'none' does without.",
        default=8081,
    ),
    _key(
        "server.tls.cert",
        kinds.text,
        "--tls-cert",
        "Certificate chain (PEM): all ports then speak TLS.",
    ),
    _key("server.tls.key", kinds.text, "--tls-key", "Private key (PEM) of the certificate."),
    _key(
        "server.tls.client_ca",
        kinds.text,
        "--tls-client-ca",
        "Certificates (PEM) that clients' certificates must be signed by: the gRPC port then takes "
        "nobody without one.",
    ),
    _key(
        "server.allow_anonymous",
        kinds.flag,
        "--allow-anonymous",
        "Let in everybody who reaches the address, on which other machines may be, without asking who "
        "it is.",
        default=False,
        flag=True,
    ),
    _key(
        "server.auth.grants",
        kinds.grants,
        "--auth-grants",
        "Who may do what on which hubs: 'worker on orders-* to token:ci', several separated by "
        "semicolons. Roles are reader, worker and contributor.",
    ),
    _key(
        "server.auth.tokens",
        kinds.token_variables,
        "--auth-tokens",
        "NAME=env:VARIABLE with a static token, several separated by commas; grants name it "
        "token:NAME.",
    ),
    _key(
        "server.auth.tokens_file",
        kinds.text,
        "--auth-tokens-file",
        "File of static tokens by their hashes, which others may not read; 'durahub token new' adds to "
        "it. It is read again when it changes.",
    ),
    _key(
        "server.auth.tenants",
        kinds.names,
        "--auth-tenants",
        "Tenants of Entra ID (IDs) whose tokens count, several separated by commas.",
    ),
    _key(
        "server.auth.audiences",
        kinds.names,
        "--auth-audiences",
        "What tokens must have been made for. [default: https://durabletask.io and "
        "https://durabletask.azure.us]",
    ),
    _key(
        "server.auth.issuers",
        kinds.issuers,
        "--auth-issuers",
        "Other providers of OpenID Connect whose tokens count, by their issuer URLs.",
    ),
    _key(
        "server.auth.authority",
        kinds.issuer,
        "--auth-authority",
        "Where Entra ID is; https://login.microsoftonline.us in Azure Government.",
        default=PUBLIC,
    ),
    _key(
        "server.auth.clock_skew",
        kinds.duration(0, 900),
        "--auth-clock-skew",
        "By how much clocks may differ.",
        default=300.0,
    ),
    _key(
        "server.auth.open_metrics",
        kinds.flag,
        "--auth-open-metrics",
        "Show /metrics to everybody who reaches the HTTP port.",
        default=False,
        flag=True,
    ),
    _key(
        "server.max_message",
        kinds.whole(4, 1_024),
        "--max-message",
        "MiB of one message at the gRPC port, unpacked, at most.",
        default=64,
    ),
    _key(
        "server.max_calls_per_connection",
        kinds.whole(16, 1_000_000),
        "--max-calls-per-connection",
        "Calls that one connection to the gRPC port may have open, at most; others wait at their client.",
        default=10_000,
    ),
    _key(
        "server.max_connections",
        kinds.whole(4, 1_000_000),
        "--max-connections",
        "Connections that each port takes, at most.",
        default=1_000,
    ),
    _key(
        "server.dynamic_hubs",
        kinds.flag,
        "--dynamic-hubs",
        "Serve every hub that is called for, created on first use.",
        variables=("DURAHUB_DYNAMIC_HUBS", "DTS_USE_DYNAMIC_TASK_HUBS"),
        default=False,
        flag=True,
    ),
    _key(
        "server.allow_hub_management",
        kinds.flag,
        "--allow-hub-management",
        "Let clients create and delete hubs.",
        default=False,
        flag=True,
    ),
    _key(
        "server.functions_keys",
        kinds.key_variables,
        "--functions-keys",
        "env:VARIABLE with a key that callers of the Functions HTTP API must send as 'code'; several "
        "are separated by commas. [default: no key is asked for]",
    ),
    _key(
        "server.monitor",
        kinds.flag,
        "--monitor",
        "Serve the monitor at the HTTP port. [default: on this machine's own addresses, elsewhere "
        "where its settings have a login]",
        flag=True,
    ),
    *(
        _key(
            f"server.max_{what}",
            kinds.whole(1, most),
            f"--max-{what.replace('_', '-')}",
            f"{meaning}; more are refused, to be tried again.",
            default=default,
        )
        for what, most, default, meaning in (
            ("calls", 1_000_000, 2_000, "Calls of clients in progress at once, at most"),
            ("waits", 1_000_000, 20_000, "Callers who wait for an instance at once, at most"),
            ("streams", 1_000_000, 2_000, "Streams of workers at once, at most"),
            ("request_memory", 65_536, 256, "MiB of the requests in progress, at most"),
        )
    ),
    _key(
        "server.drain.delay",
        kinds.duration(0, 600),
        "--drain-delay",
        "How long a server that is told to stop goes on as before, but not ready: until load balancers "
        "have seen it.",
        default=0.0,
    ),
    _key(
        "server.drain.timeout",
        kinds.duration(0.1, 3_600),
        "--drain-timeout",
        "How long a server that stops waits for work that is with workers; what is left is run again "
        "elsewhere.",
        default=20.0,
    ),
    _key(
        "server.traces",
        kinds.flag,
        "--traces",
        "Send spans with OpenTelemetry, as its own variables (OTEL_EXPORTER_OTLP_ENDPOINT and so on) say; "
        "needs durahub[otel].",
        default=False,
        flag=True,
    ),
    _key(
        "server.log.format",
        kinds.one_of("text", "json"),
        "--log-format",
        "Form of the log on stderr: text, or json, one object a line.",
        default="text",
    ),
    _key(
        "server.log.level",
        kinds.one_of("debug", "info", "warning", "error"),
        "--log-level",
        "The least that is logged: debug, info, warning or error. [default: info with serve, warning "
        "with up]",
    ),
    _key(
        "purge.every",
        kinds.duration(1, 86_400),
        "--purge-every",
        "Pause between two searches for instances whose retention has ended, at least.",
        default=600.0,
    ),
    _key(
        "purge.requests_per_second",
        kinds.number(0.1, 10_000),
        "--purge-requests-per-second",
        "Storage requests that searching and purging may make, about.",
        default=50.0,
    ),
)
HUB_KEYS = (
    _key(
        "partitions",
        kinds.whole(1, 16),
        "--partitions",
        "Control queues of a hub; every server and worker of it must be told the same number. "
        "[default: the hub's own number; a new hub gets 4]",
    ),
    _key(
        "partition_manager",
        kinds.manager,
        "--partition-manager",
        "How workers share partitions: table, safe or legacy; all of a hub's workers must use the "
        "same. auto: what the hub tells, a new one gets table.",
        default="auto",
    ),
    _key(
        "level",
        kinds.level,
        "--level",
        "Who may serve a hub: default, any worker of the layout; exclusive, durahub servers alone, "
        "which then send no messages for activities that they run themselves.",
        default="default",
    ),
    _key(
        "visibility",
        kinds.duration(2, 3_600),
        "--visibility",
        "Seconds after which messages of a server that died are taken up by another.",
        variables=("DURAHUB_VISIBILITY_SECONDS",),
        default=60.0,
    ),
    _key(
        "activity_visibility",
        kinds.duration(2, 604_800),
        "--activity-visibility",
        "The same for activities. [default: as visibility]",
    ),
    _key(
        "control_batch",
        kinds.whole(1, 32),
        "--control-batch",
        "Messages that one look at a control queue takes, at most.",
        default=32,
    ),
    _key(
        "message_buffer",
        kinds.whole(1, 100_000),
        "--message-buffer",
        "Messages to instances that the server holds in memory, at most.",
        default=2_000,
    ),
    _key(
        "message_memory",
        kinds.whole(1, 65_536),
        "--message-memory",
        "MiB that messages to instances may take in memory, about, and activities as many.",
        default=64,
    ),
    _key(
        "history_cache",
        kinds.whole(0, 65_536),
        "--history-cache",
        "MiB of histories that a hub's server keeps in memory between turns, about; others are read again.",
        default=64,
    ),
    _key(
        "queue_encoding",
        kinds.queue_encoding,
        "--queue-encoding",
        "Text of the messages that are put: utf8 (JSON as it is), or base64, which .NET workers older "
        "than DurableTask.AzureStorage 1.17.4 need. Both are read.",
        default="utf8",
    ),
    *(
        _key(
            f"max_{kind}",
            kinds.whole(1, 1_000_000),
            f"--max-{kind}",
            f"{what} that this server gives out at once, at most. [default: as many as its workers "
            "take]",
        )
        for kind, what in (
            ("orchestrations", "Turns of orchestrations"),
            ("activities", "Activities"),
            ("entities", "Batches of entity operations"),
        )
    ),
    _key(
        "entity_operations",
        kinds.whole(1, 1_000_000),
        "--entity-operations",
        "Operations of one batch of an entity, at most.",
        default=5_000,
    ),
    _key(
        "max_poll",
        kinds.duration(0.001, 86_400),
        "--max-poll",
        "Longest pause in seconds between two looks at an idle queue, for what other processes "
        "send. [default: 1 on our own Azurite, else 10]",
        variables=("DURAHUB_MAX_POLL_SECONDS",),
    ),
    _key(
        "limits",
        kinds.limits,
        "--limits",
        "What hubs refuse: 'classic' only what storage cannot hold, 'dts' whatever the Durable Task "
        "Scheduler refuses.",
        default="classic",
    ),
    *(
        _key(
            f"retention.{name}",
            kinds.period,
            f"--retention-{name}",
            f"How long {what} are kept after their end, such as 30d; 0 purges them at once. "
            "[default: for ever]",
        )
        for name, what in (
            ("all", "ended instances"),
            ("completed", "completed instances"),
            ("failed", "failed instances"),
            ("terminated", "terminated instances"),
            ("canceled", "canceled instances"),
        )
    ),
)
BY_PATH = {key.path: key for key in SERVER_KEYS}
BY_HUB_PATH = {key.path: key for key in HUB_KEYS}
DEFAULTS = "defaults."
HUBS = "hubs"


def key_of(path: str) -> Key | None:
    """Return the setting at *path* of a file: ``server.host``, ``defaults.limits``, ``hubs.a.limits``."""
    if path in BY_PATH:
        return BY_PATH[path]
    table, _, rest = path.partition(".")
    if table == "defaults":
        return BY_HUB_PATH.get(rest)
    if table == HUBS:
        return BY_HUB_PATH.get(rest.partition(".")[2])
    return None


ALL_KEYS = {**BY_PATH, **{f"{DEFAULTS}{path}": key for path, key in BY_HUB_PATH.items()}}
"""Every setting by its path, those of hubs as they stand for all hubs."""
