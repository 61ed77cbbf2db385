"""How the web application behaves: what is not about who may do what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What the application is told.

    *hosts* are names by which browsers call it, beside those of loopback; ``*`` is any. *public_url* is
    where they find it, if that is not where it listens, with a slash at its end. With *require_reason* no
    action is done without one. *command* is what people type for ``durahub``, as it stands in the commands
    that pages show. *stuck_after* is for how long (seconds) an instance may stand before it counts as stuck.
    """

    hosts: tuple[str, ...] = ()
    public_url: str | None = None
    require_reason: bool = False
    command: str = "durahub"
    stuck_after: float = 300.0
    ping_every: float = 15.0  # seconds; an idle connection is cut by some proxies after 30
    standing_every: float = 5.0  # seconds between two looks at how hubs stand, for live pages
