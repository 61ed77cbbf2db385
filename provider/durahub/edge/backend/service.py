"""``BackendService`` as a whole: what workers and clients that are DTFx speak."""

from collections.abc import Callable

from durahub.edge.backend.client_calls import BackendClientCalls
from durahub.edge.backend.hub_calls import HubCalls
from durahub.edge.backend.session_calls import SessionCalls
from durahub.edge.backend.sessions import Sessions
from durahub.edge.ending_calls import EndingCalls
from durahub.edge.entity_calls import EntityCalls
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import HubDirectory
from durahub.edge.work_item_sender import Sending
from durahub.model.ticks import Ticks


class Backend(SessionCalls, BackendClientCalls, EndingCalls, EntityCalls, HubCalls):
    """All calls of the service."""

    def __init__(
        self,
        directory: HubDirectory,
        lifetime: Lifetime,
        *,
        clock: Callable[[], Ticks],
        monotonic: Callable[[], float],
        sending: Sending,
    ) -> None:
        BackendClientCalls.__init__(self, directory, lifetime)
        EndingCalls.__init__(self, directory)
        EntityCalls.__init__(self, directory, lifetime)
        SessionCalls.__init__(
            self, directory, lifetime, clock=clock, monotonic=monotonic, sending=sending
        )
        HubCalls.__init__(self, directory)
        self._sessions = Sessions()
