"""Every setting of the monitor, in one table: file, variable and option. Described in `docs/monitor.md`."""

from dataclasses import dataclass
from typing import Any

from durahub.configuration import kinds
from durahub.configuration.kinds import Kind, Unfit
from durahub_migrate.watching.budget import PER_SECOND


def texts(value: object) -> tuple[str, ...]:
    """Take a list of texts; in a variable they are separated by commas."""
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
        raise Unfit("a list of texts")
    return tuple(one.strip() for one in listed if one.strip())


def address(value: object) -> str:
    """Take the address of a page."""
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return value.rstrip("/") + "/"
    raise Unfit("an address that begins with https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A setting. *many* may be given several times as an option, *flag* needs no value there."""

    name: str
    kind: Kind | Any
    option: str
    help: str
    default: Any = None
    flag: bool = False
    many: bool = False

    @property
    def variable(self) -> str:
        """The variable that sets it."""
        return "DURAHUB_MONITOR_" + self.option.removeprefix("--").replace("-", "_").upper()


KEYS: tuple[Key, ...] = (
    Key(
        name="host",
        kind=kinds.text,
        option="--host",
        default="127.0.0.1",
        help="Address to listen on. Another than this machine's own needs a login.",
    ),
    Key(
        name="port",
        kind=kinds.port,
        option="--port",
        default=8083,
        help="Port to listen on; 0 takes any free one.",
    ),
    Key(
        name="budget",
        kind=kinds.number(0.1, 1_000),
        option="--budget",
        default=PER_SECOND,
        help="Storage requests a second that watching a hub may take, at most.",
    ),
    Key(
        name="data",
        kind=kinds.text,
        option="--data",
        help="Folder for the index, saved views, jobs and the audit log. [default: in the user's "
        "data folder]",
    ),
    Key(
        name="inputs",
        kind=kinds.flag,
        option="--inputs",
        default=False,
        flag=True,
        help="Keep the heads of inputs in the index, so that they can be searched.",
    ),
    Key(
        name="hosts",
        kind=texts,
        option="--allowed-host",
        default=(),
        many=True,
        help="Name by which browsers call the monitor, beside localhost; may be given more than once.",
    ),
    Key(
        name="allow_actions",
        kind=kinds.flag,
        option="--allow-actions",
        default=False,
        flag=True,
        help="Let the person at this machine act; elsewhere grants say who may.",
    ),
    Key(
        name="require_reason",
        kind=kinds.flag,
        option="--require-reason",
        default=False,
        flag=True,
        help="Do no action without a reason; it stands in the audit log.",
    ),
    Key(
        name="payloads",
        kind=kinds.flag,
        option="--payloads",
        default=True,
        flag=True,
        help="Show inputs, outputs and states to the person at this machine.",
    ),
    Key(
        name="anonymous",
        kind=kinds.flag,
        option="--anonymous",
        default=False,
        flag=True,
        help="Let everybody who reaches the monitor read, without payloads.",
    ),
    Key(
        name="redact",
        kind=texts,
        option="--redact",
        default=(),
        many=True,
        help="What is masked in payloads for everybody: secrets, personal, members:NAME,… or "
        "package.module:function; may be given more than once.",
    ),
    Key(
        name="stuck_after",
        kind=kinds.duration(1, 31_536_000),
        option="--stuck-after",
        default=300.0,
        help="How long an instance may stand before it counts as stuck, such as 10m.",
    ),
    Key(
        name="prices",
        kind=kinds.text,
        option="--prices",
        help="File of what you pay, for the cost of storage; docs/assessment.md has its form.",
    ),
    Key(
        name="public_url",
        kind=address,
        option="--public-url",
        help="Where browsers find the monitor, if that is not where it listens.",
    ),
)
BY_NAME = {key.name: key for key in KEYS}
