"""Leases on blobs and containers: an ID that writers must know, for a time that storage keeps.

Source: the REST reference of Azure Storage, *Lease Blob* and *Lease Container*, tables of outcomes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulation.account.exchange import Refused, Reply

ENDLESS = float("inf")
_CREATED, _OK, _ACCEPTED = 201, 200, 202


@dataclass(slots=True)
class Lease:
    """The lease of one thing. ``until`` is by storage's clock; ``spoiled``: written to since it ran out."""

    token: str = ""
    until: float = 0.0
    seconds: float = 0.0
    spoiled: bool = False

    def holds(self, now: float) -> bool:
        """Tell whether somebody has it."""
        return bool(self.token) and now < self.until

    def state(self, now: float) -> str:
        """Return what storage calls it."""
        if self.holds(now):
            return "leased"
        return "expired" if self.token else "available"

    def headers(self, now: float) -> dict[str, str]:
        """Return what properties show of it."""
        held = self.holds(now)
        found = {
            "x-ms-lease-state": self.state(now),
            "x-ms-lease-status": "locked" if held else "unlocked",
        }
        if held:
            found["x-ms-lease-duration"] = "infinite" if self.until == ENDLESS else "fixed"
        return found

    def check_write(self, token: str | None, now: float) -> None:
        """Refuse a write without the lease that there is, or with one that there is not."""
        if self.holds(now):
            if token is None:
                raise Refused(412, "LeaseIdMissing")
            if token.lower() != self.token:
                raise Refused(412, "LeaseIdMismatchWithBlobOperation")
        elif token is not None:
            raise Refused(
                412, "LeaseNotPresentWithBlobOperation" if not self.token else "LeaseLost"
            )
        else:
            self.spoiled = True

    def act(self, headers: Mapping[str, str], now: float) -> Reply:
        """Do what a lease request says. Raises `Refused`."""
        token = headers.get("x-ms-lease-id", "").lower()
        match headers["x-ms-lease-action"].lower():
            case "acquire":
                return self._acquire(headers, now)
            case "renew":
                if self.token != token or self.spoiled:
                    raise Refused(409, "LeaseIdMismatchWithLeaseOperation")
                self.until = now + self.seconds
                return Reply(_OK, {"x-ms-lease-id": token})
            case "change":
                return self._change(token, headers["x-ms-proposed-lease-id"].lower(), now)
            case "release":
                if self.token != token:
                    raise Refused(409, "LeaseIdMismatchWithLeaseOperation")
                self.token, self.until = "", 0.0
                return Reply(_OK)
            case _:
                if not self.token:
                    raise Refused(409, "LeaseNotPresentWithLeaseOperation")
                self.token, self.until = "", 0.0
                return Reply(_ACCEPTED, {"x-ms-lease-time": "0"})

    def _acquire(self, headers: Mapping[str, str], now: float) -> Reply:
        token = headers["x-ms-proposed-lease-id"].lower()
        if self.holds(now) and self.token != token:
            raise Refused(409, "LeaseAlreadyPresent")
        seconds = float(headers["x-ms-lease-duration"])
        self.seconds = ENDLESS if seconds < 0 else seconds
        self.token, self.until, self.spoiled = token, now + self.seconds, False
        return Reply(_CREATED, {"x-ms-lease-id": token})

    def _change(self, token: str, proposed: str, now: float) -> Reply:
        if not self.holds(now):
            raise Refused(409, "LeaseNotPresentWithLeaseOperation")
        if self.token not in (token, proposed):
            raise Refused(409, "LeaseIdMismatchWithLeaseOperation")
        self.token = proposed
        return Reply(_OK, {"x-ms-lease-id": proposed})
