"""Sessions of people who have logged in at the identity provider: kept here, named by a cookie.

They end with the process; then the provider is asked again, as a rule without the user noticing.
"""

import hashlib
import secrets
from collections.abc import Callable

from durahub.model.ticks import Ticks
from durahub_migrate.web.who.logins import Person
from durahub_migrate.web.who.oidc import Attempt

MOST = 10_000
"""Sessions and logins under way that are kept; the oldest give way."""


class Sessions:
    """Keeps sessions by a hash of their cookie, and logins that have begun."""

    def __init__(self, clock: Callable[[], Ticks]) -> None:
        self._clock = clock
        self._people: dict[str, Person] = {}
        self._attempts: dict[str, Attempt] = {}

    def begin(self, attempt: Attempt) -> None:
        """Keep a login that has begun."""
        self._attempts[attempt.state] = attempt
        _trim(self._attempts)

    def take(self, state: str, cookie: str | None) -> Attempt | None:
        """Return the login that comes back, once, and only to the browser that began it."""
        if cookie is None or not secrets.compare_digest(state.encode(), cookie.encode()):
            return None
        attempt = self._attempts.pop(state, None)
        return attempt if attempt is not None and attempt.until > self._clock() else None

    def open(self, person: Person) -> str:
        """Begin a session; return its cookie."""
        cookie = secrets.token_urlsafe(32)
        self._people[_digest(cookie)] = person
        _trim(self._people)
        return cookie

    def find(self, cookie: str | None) -> Person | None:
        """Return whose session it is, even if it has ended: that can be told him."""
        return self._people.get(_digest(cookie)) if cookie else None

    def close(self, cookie: str | None) -> None:
        """End a session."""
        if cookie:
            self._people.pop(_digest(cookie), None)


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def _trim(kept: dict[str, Person] | dict[str, Attempt]) -> None:
    while len(kept) > MOST:
        del kept[next(iter(kept))]
