"""Who asks storage where no key and no signature does: an identity of Entra ID, told by settings."""

from dataclasses import dataclass, field, replace

from durahub.errors import BadSetting

CREDENTIALS = (
    "default",
    "managed-identity",
    "workload-identity",
    "environment",
    "client-secret",
    "cli",
    "developer-cli",
    "powershell",
)
"""Ways to a token, as azure-identity names them; ``default`` tries one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How tokens are got. ``client_id`` is a user-assigned identity's, or an application's.

    ``authority`` is the address of the issuer; ``None``: the environment's, else the public cloud's.
    """

    credential: str = "default"
    client_id: str | None = None
    tenant_id: str | None = None
    resource_id: str | None = None  # of a user-assigned identity, instead of its client ID
    client_secret: str | None = field(default=None, repr=False)
    authority: str | None = None

    def issued_by(self, authority: str | None) -> "Identity":
        """Return the same with an authority, if it has none."""
        return self if self.authority or not authority else replace(self, authority=authority)


def check_credential(text: str) -> str:
    """Return the name of a credential, however it is spelled. Raises `BadSetting`."""
    plain = text.strip().lower().replace("-", "").replace("_", "")
    plain = plain.removesuffix("credential")
    for name in CREDENTIALS:
        if plain in (name.replace("-", ""), f"azure{name.replace('-', '')}"):
            return name
    raise BadSetting("store.credential", text, f"one of {', '.join(CREDENTIALS)}")
