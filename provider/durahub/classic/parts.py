"""What a store consists of, and how it is put together."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from durahub.classic.account import Account
from durahub.classic.aside import Aside
from durahub.classic.blobs import Blobs
from durahub.classic.claims import Claims
from durahub.classic.held import HeldMessages
from durahub.classic.history_table import HistoryTable
from durahub.classic.instance_table import InstanceTable
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.names import HubNames
from durahub.classic.options import ClassicOptions
from durahub.classic.outbox import Outbox
from durahub.classic.partitioning.lease_storage import AppLeaseContainer, LeaseBlobs
from durahub.classic.partitioning.lease_store import LeaseStore
from durahub.classic.partitioning.managers import Managers
from durahub.classic.queues import Queues
from durahub.classic.resources import Resources
from durahub.classic.servers import Servers
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.classic.together import Together
from durahub.classic.unbroken import Unbroken
from durahub.classic.visibility import Visibility
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one store. ``clock`` and ``random`` are what they were handed."""

    names: HubNames
    options: ClassicOptions
    clock: Callable[[], Ticks]
    random: Random
    tables: Tables
    queues: Queues
    visibility: Visibility
    blobs: Blobs
    payloads: LargePayloads
    aside: Aside
    outbox: Outbox
    resources: Resources
    leases: LeaseStore
    managers: Managers
    app_lease: AppLeaseContainer
    histories: HistoryTable
    instances: InstanceTable
    held: HeldMessages
    together: Together
    unbroken: Unbroken
    claims: Claims
    servers: Servers


def assemble(
    names: HubNames,
    account: Account,
    options: ClassicOptions,
    clock: Callable[[], Ticks],
    random: Random,
) -> Parts:
    """Return the parts of a store; nothing is asked over the network."""

    def make_guid() -> str:
        return str(uuid.UUID(int=random.getrandbits(128), version=4))

    errors = StorageErrors(account.name, names.hub, account.service_of)
    tables = Tables(account.table_wire, errors)
    queues = Queues(account.queue_wire, errors)
    visibility = options.visibility_in(names.workitem_queue)
    blobs = Blobs(account.blobs, errors)
    together = Together(options.parallel)
    aside = Aside(blobs, names.set_aside_container, clock)
    lease_blobs = LeaseBlobs(account.blobs, names.leases_container, names.hub, errors)
    leases = LeaseStore(names, tables, blobs, lease_blobs, clock)
    app_lease = AppLeaseContainer(
        account.blobs, names.app_lease_container, names.app_lease_blob, names.hub, errors
    )
    resources = Resources(account, names, tables, blobs, leases, app_lease, errors)
    payloads = LargePayloads(blobs, names.large_messages_container, lambda: random.getrandbits(31))
    return Parts(
        names=names,
        options=options,
        clock=clock,
        random=random,
        tables=tables,
        queues=queues,
        visibility=visibility,
        blobs=blobs,
        payloads=payloads,
        aside=aside,
        outbox=Outbox(payloads, options.dialect, make_guid),
        resources=resources,
        leases=leases,
        managers=Managers(
            options,
            tables,
            names.partitions_table,
            lease_blobs,
            app_lease,
            clock,
            make_guid,
            resources.make_queue,
        ),
        app_lease=app_lease,
        histories=HistoryTable(
            tables, names.history_table, payloads, aside, options.dialect, clock, together
        ),
        instances=InstanceTable(
            tables,
            names.instances_table,
            payloads,
            aside,
            names.hub,
            clock,
            together,
            shared=names.tracking_prefix is not None,
        ),
        held=HeldMessages(queues, together, visibility),
        together=together,
        unbroken=Unbroken(account.unwritten),
        claims=Claims(blobs, names.set_aside_container, options.worker_id, clock),
        servers=Servers(
            names.hub, blobs, names.set_aside_container, leases, options.worker_id, clock
        ),
    )
