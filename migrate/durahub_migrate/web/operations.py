"""Operations of the API: their routes, what they take and give. Routing and OpenAPI come from one table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from starlette.datastructures import QueryParams

from durahub.errors import BadRequest

if TYPE_CHECKING:
    from durahub_migrate.web.call import Call


class Kind(Enum):
    """What a parameter is."""

    TEXT = "text"
    TEXTS = "texts"  # may be given several times
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"  # 1 or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of the query. *least* and *most* bound numbers."""

    name: str
    about: str
    kind: Kind = Kind.TEXT
    required: bool = False
    default: Any = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    def read(self, query: QueryParams) -> Any:
        """Return the value. Raises `BadRequest`."""
        if self.kind is Kind.TEXTS:
            return tuple(query.getlist(self.name))
        text = query.get(self.name)
        if text is None:
            if self.required:
                raise BadRequest(f"the parameter {self.name} is missing: {self.about}")
            return self.default
        match self.kind:
            case Kind.FLAG:
                if text not in ("0", "1", "true", "false"):
                    raise BadRequest(f"{self.name} is 0 or 1, not {text[:40]!r}")
                return text in ("1", "true")
            case Kind.WHOLE | Kind.NUMBER:
                return self._number(text)
        if self.choices and text not in self.choices:
            raise BadRequest(f"{self.name} is one of {', '.join(self.choices)}, not {text[:40]!r}")
        return text

    def _number(self, text: str) -> float:
        try:
            value = int(text) if self.kind is Kind.WHOLE else float(text)
        except ValueError:
            raise BadRequest(f"{self.name} is a number, not {text[:40]!r}") from None
        least = value if self.least is None else self.least
        most = value if self.most is None else self.most
        if not least <= value <= most:  # not a number is not between any two, too
            raise BadRequest(
                f"{self.name} is from {self.least:g} to {self.most:g}, not {text[:40]}"
            )
        return value


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is a file: what it is, and which media types it may have."""

    about: str
    types: tuple[str, ...]


Handler = Callable[["Call"], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation. *path* is relative to where the application is mounted: ``api/hubs/{hub}``.

    *gives* is the type of its answer as in an annotation, or `Media`; *takes* that of its body, a dataclass
    whose members with defaults may be left out, or `object` for any JSON.
    """

    method: str
    path: str
    about: str
    handler: Handler
    gives: Any
    takes: type | None = None
    parameters: tuple[Parameter, ...] = ()
    open: bool = False  # answers without a login, to the user `NOBODY`

    @property
    def name(self) -> str:
        """Its name in OpenAPI: ``getHubsPartitions``."""
        words = [
            word
            for part in self.path.removeprefix("api/").split("/")
            for word in ([part] if not part.startswith("{") else ["by", part.strip("{}")])
        ]
        plain = "".join(
            piece[:1].upper() + piece[1:]
            for word in words
            for piece in word.replace(".", "-").split("-")
        )
        return self.method.lower() + plain


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of a call by their names."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def text(self, name: str) -> str:
        """Return a text that is there."""
        value = self.values[name]
        assert isinstance(value, str)  # noqa: S101 (for the types)
        return value


def read_parameters(operation: Operation, query: QueryParams) -> Given:
    """Return the parameters of a call. Raises `BadRequest`, for one that the operation does not know, too."""
    known = {one.name for one in operation.parameters}
    for name in query:
        if name not in known:
            takes = ", ".join(sorted(known)) or "none"
            raise BadRequest(f"there is no parameter {name[:40]!r} here; there are: {takes}")
    return Given({one.name: one.read(query) for one in operation.parameters})
