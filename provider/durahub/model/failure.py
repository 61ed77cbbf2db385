"""Why something failed, as an SDK reports it and DTFx stores it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure with its causes; DTFx's ``FailureDetails``, the wire's ``TaskFailureDetails``."""

    error_type: str
    message: str
    stack_trace: str | None = None
    inner: "Failure | None" = None
    non_retriable: bool = False
    properties: Mapping[str, Json] | None = None

    def __str__(self) -> str:
        """Return the text that stands in the Output of a failed instance."""
        return f"{self.error_type}: {self.message}"
