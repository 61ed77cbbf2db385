"""What a caller presents with a call, whichever way it came."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Presented:
    """The bearer token, ``None`` without; the names of a client certificate that the handshake checked.

    *malformed* tells that there is something in ``authorization`` that is no single bearer token.
    """

    bearer: str | None = field(default=None, repr=False)
    certificate: tuple[str, ...] = ()
    malformed: bool = False


NOTHING = Presented()


def bearer_of(values: list[str]) -> Presented:
    """Read the values of the header ``authorization``: one, of the scheme ``Bearer``, or none."""
    if not values:
        return NOTHING
    scheme, _, token = values[0].strip().partition(" ")
    if len(values) != 1 or scheme.casefold() != "bearer" or not token.strip():
        return Presented(malformed=True)
    return Presented(bearer=token.strip())
