"""The gRPC server: one port for all services, cleartext HTTP/2 or TLS."""

import logging
import time
from collections.abc import Callable
from functools import partial

import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.authorization.gate import OPEN, Gate
from durahub.dispatch.clock import system_clock
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.service import Backend
from durahub.edge.certificates import Certificates
from durahub.edge.health import SERVICE, Health
from durahub.edge.lifetime import Lifetime
from durahub.edge.listening import GRPC_OPTION, check_free
from durahub.edge.metadata import HubDirectory
from durahub.edge.observed import Calls
from durahub.edge.overload import Overload
from durahub.edge.port_limits import DEFAULT_LIMITS, HANDSHAKE_WITHIN, HEADER_BYTES, PortLimits
from durahub.edge.readiness import Readiness
from durahub.edge.services import add_service
from durahub.edge.sidecar import TaskHubSidecar
from durahub.edge.work_item_sender import Sending
from durahub.errors import PortInUse
from durahub.model.ticks import Ticks

log = logging.getLogger(__name__)

_LAST_WORDS = (
    10.0  # seconds for calls that are just being answered; what is cut then ends as CANCELLED
)

_KEEPALIVE = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # Clients may ping as often as they like; without these they are sent away for it.
    ("grpc.http2.min_ping_interval_without_data_ms", 10),
    ("grpc.http2.max_ping_strikes", 0),
)


class GrpcServer:
    """A running server."""

    def __init__(self, server: grpc.aio.Server, port: int, lifetime: Lifetime) -> None:
        self._server = server
        self._lifetime = lifetime
        self.port = port

    async def stop(self, grace: float) -> None:
        """Stop: end the workers' streams, take completions for *grace* seconds, end all calls.

        It is quicker when everything that is out has come back. Calling it twice is fine. The hubs
        must still work while it runs.
        """
        log.info("grpc-stopping", extra={"port": self.port})
        await self._lifetime.drain(grace)
        self._lifetime.end()
        await self._server.stop(_LAST_WORDS)


async def start_server(
    directory: HubDirectory,
    *,
    host: str,
    port: int,
    tls: Certificates | None = None,
    gate: Gate = OPEN,
    limits: PortLimits = DEFAULT_LIMITS,
    sending: Sending | None = None,
    overload: Overload | None = None,
    readiness: Readiness | None = None,
    calls: Calls | None = None,
    clock: Callable[[], Ticks] = system_clock,
    monotonic: Callable[[], float] = time.monotonic,
) -> GrpcServer:
    """Serve the hubs of *directory*; port 0 lets the system choose.

    Work items and pages stay below 4 MiB whatever *limits* say: those bound what a client asked for by
    itself, and most clients receive less. Raises `PortInUse`, `BadSetting`.
    """
    at_most = overload or Overload()
    options = (
        *_KEEPALIVE,
        ("grpc.so_reuseport", 0),  # or a second server would silently take half of the calls
        # Of a compressed message its content counts, while it is unpacked.
        ("grpc.max_receive_message_length", limits.message_bytes),
        ("grpc.max_send_message_length", limits.message_bytes),
        ("grpc.max_metadata_size", HEADER_BYTES),  # both, or between them chance decides
        ("grpc.absolute_max_metadata_size", HEADER_BYTES),
        ("grpc.max_concurrent_streams", limits.streams),
        # Of calls that nobody has looked at yet gRPC itself would cancel some from 1,000 on: completions
        # too, and old workers stop for it. What is too much is ours to refuse.
        ("grpc.server.max_pending_requests", at_most.pending),
        ("grpc.server.max_pending_requests_hard_limit", at_most.pending),
        ("grpc.max_allowed_incoming_connections", limits.connections),
        ("grpc.server_handshake_timeout_ms", int(HANDSHAKE_WITHIN * 1_000)),
    )
    server = grpc.aio.server(options=options)
    lifetime = Lifetime()
    sidecar = TaskHubSidecar(
        directory, lifetime, clock=clock, monotonic=monotonic, sending=sending or Sending()
    )
    serve = partial(
        add_service,
        server,
        overload=at_most,
        default_hub=directory.default,
        gate=gate,
        calls=calls,
        clock=clock,
    )
    serve(pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"], sidecar)
    backend = Backend(
        directory, lifetime, clock=clock, monotonic=monotonic, sending=sending or Sending()
    )
    serve(bs.DESCRIPTOR.services_by_name["BackendService"], backend)
    if readiness is not None:  # probes name nobody, and take nobody's place
        health = Health(readiness, lifetime, at_most.most_streams)
        add_service(server, SERVICE, health, None, gate=OPEN)
    credentials = None if tls is None else tls.grpc_credentials()
    await check_free(host, port)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if credentials is None:
            bound = server.add_insecure_port(address)
        else:
            bound = server.add_secure_port(address, credentials)
    except RuntimeError:
        raise PortInUse(port, "gRPC", GRPC_OPTION) from None
    await server.start()
    log.info("grpc-listening", extra={"host": host, "port": bound, "tls": tls is not None})
    return GrpcServer(server, bound, lifetime)
