"""Puts a partition manager together: the rules of one of the three, the storage it works on, its user."""

from collections.abc import Awaitable, Callable

from durahub.classic.options import ClassicOptions, Manager
from durahub.classic.partitioning import legacy, safe
from durahub.classic.partitioning.app_lease import AppLeaseTimes, app_lease_id
from durahub.classic.partitioning.app_turns import AppTurns
from durahub.classic.partitioning.blob_leases import BlobLeases
from durahub.classic.partitioning.blob_state import BlobTimes
from durahub.classic.partitioning.holding import PartitionManager, PartitionUser
from durahub.classic.partitioning.lease_storage import AppLeaseContainer, LeaseBlobs
from durahub.classic.partitioning.leases import PartitionLeases
from durahub.classic.partitioning.table import Times
from durahub.classic.tables import Tables
from durahub.model.ticks import Ticks


class Managers:
    """Makes the partition managers of one hub."""

    def __init__(
        self,
        options: ClassicOptions,
        tables: Tables,
        table: str,
        lease_blobs: LeaseBlobs,
        app_lease: AppLeaseContainer,
        clock: Callable[[], Ticks],
        make_token: Callable[[], str],
        make_queue: Callable[[str], Awaitable[object]],
    ) -> None:
        self._options = options
        self._tables = tables
        self._table = table
        self._lease_blobs = lease_blobs
        self._app_lease = app_lease
        self._clock = clock
        self._make_token = make_token
        self._make_queue = make_queue

    def make(self, manager: Manager, user: PartitionUser) -> PartitionManager:
        """Return the partition manager for *user*, not yet at work; *manager* is one of the three."""
        options = self._options
        if manager is Manager.TABLE:
            return PartitionLeases(
                self._tables,
                self._table,
                options.worker_id,
                self._clock,
                Times(
                    lease=options.lease, pass_every=options.lease_pass, haste=options.lease_haste
                ),
                user,
            )
        times = BlobTimes(
            lease=options.lease,
            renew_every=options.lease_pass,
            look_every=options.lease_pass,
            own_every=options.lease_pass / 2,
        )
        return BlobLeases(
            safe if manager is Manager.SAFE else legacy,
            self._lease_blobs,
            options.worker_id,
            self._make_token,
            self._make_queue,
            times,
            user,
        )

    def app_turns(self, manager: Manager) -> AppTurns | None:
        """Return whose turns are waited for; ``None`` if the app lease is not used."""
        if not self._options.app_leased:
            return None
        times = AppLeaseTimes(
            lease=self._options.app_lease,
            acquire_every=self._options.app_lease_acquire,
            renew_every=self._options.app_lease_renew,
            swap_look=self._options.app_lease_renew,
        )
        # the other managers keep two owners of a partition apart by themselves
        handover = times.renew_every if manager is Manager.LEGACY else 0.0
        app_id = app_lease_id(self._options.app_name or "")
        return AppTurns(self._app_lease, app_id, times, handover)
