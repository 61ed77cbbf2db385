"""Who may do what: logins, callers of a server and their roles."""

from durahub.errors.tree import Refused, Unavailable, UsageError


class LoginNeeded(UsageError):
    """The monitor is to be reached from other machines, and nobody would have to log in."""

    code = "DH125"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"the monitor does not listen on {host} without a login: configure tokens, a proxy or OIDC, "
            "or let everyone read with anonymous = true"
        )
        self.host = host


class UntrustedRequest(UsageError):
    """A request that a page of somebody else may have sent, by a browser of ours."""

    code = "DH126"


class OpenToAll(UsageError):
    """A server would let everybody in who reaches it, and nobody has said that this is meant."""

    code = "DH129"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"listening on {host} would let in everybody who reaches it: say who may call "
            "(server.auth, see docs/security.md), listen on 127.0.0.1, or say that it is meant to be "
            "open (server.allow_anonymous = true, --allow-anonymous)"
        )
        self.host = host


class NotGranted(Refused):
    """Something that the user may not do at that hub."""

    code = "DH319"
    exit_status = 3

    def __init__(self, user: str, what: str, hub: str) -> None:
        super().__init__(f"{user} may not {what} at {hub}")
        self.user = user
        self.what = what
        self.hub = hub


class NotLoggedIn(Refused):
    """Nobody is logged in, or not any more; what was sent instead is never quoted."""

    code = "DH320"
    exit_status = 3

    def __init__(self, problem: str) -> None:
        super().__init__(f"not logged in: {problem}")
        self.problem = problem


class NotAuthenticated(Refused):
    """A caller of a server that is not known. *reason* is a word for metrics; no token is ever quoted."""

    code = "DH321"
    exit_status = 3

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(f"the caller is not known: {problem}")
        self.reason = reason
        self.problem = problem


class RoleMissing(Refused):
    """A caller of a server that is known and may not do that. Whether the hub exists is not told."""

    code = "DH322"
    exit_status = 3

    def __init__(self, principal: str, roles: str, hub: str) -> None:
        where = "every task hub" if hub == "*" else f"task hub {hub}"
        needed = f"needs the role {roles}" if roles else "may be made by nobody"
        super().__init__(f"this call {needed} on {where}; {principal} does not have it")
        self.principal = principal
        self.roles = roles
        self.hub = hub


class LoginUnavailable(Unavailable):
    """The identity provider does not answer, or not so that a login can be trusted."""

    code = "DH514"

    def __init__(self, issuer: str, problem: str) -> None:
        super().__init__(f"nobody can log in at {issuer}: {problem}")
        self.issuer = issuer
        self.problem = problem
