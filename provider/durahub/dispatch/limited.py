"""A task hub with its limits: what comes in passes here, from clients and from workers.

Clients are told what is over a limit; what workers answer is replaced by a failure, see
`durahub.engine.limited_answers`.
"""

from collections.abc import Sequence

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.entity_queries import EntityCleaning
from durahub.dispatch.hub import TaskHub
from durahub.engine.answers import ActivityResult
from durahub.engine.dtfx_turn import TurnAnswer
from durahub.engine.limited_answers import limited_activity, limited_turn
from durahub.engine.limits import Limits
from durahub.model.failure import Failure
from durahub.model.history import Trace
from durahub.model.ticks import Ticks


class LimitedHub(TaskHub):
    """A `TaskHub` that enforces ``settings.limits``."""

    @property
    def limits(self) -> Limits:
        """The limits of this hub."""
        return self._settings.limits

    # -- clients -------------------------------------------------------------------------------

    async def start(self, request: StartRequest) -> str:
        """Start an orchestration. Raises `OverLimit` and `BadInstanceId` as well."""
        if request.instance_id:
            self.limits.check_instance_id(request.instance_id)
        self.limits.check_name("the orchestrator", request.name)
        self.limits.check_name("the orchestrator's version", request.version)
        self.limits.check_payload("the input of the orchestration", request.input)
        self.limits.check_tags("the orchestration", request.tags)
        return await super().start(request)

    async def raise_event(self, instance_id: str, name: str, input: str | None) -> None:  # noqa: A002 (the wire's word)
        """Send an external event. Raises `OverLimit` and `TooLong` as well."""
        self.limits.check_name("the event", name)
        self.limits.check_payload(f"the data of event {name!r}", input)
        await super().raise_event(instance_id, name, input)

    async def terminate(self, instance_id: str, output: str | None, *, recursive: bool) -> None:
        """Ask an instance to end. Raises `OverLimit` as well."""
        self.limits.check_payload("the output of the termination", output)
        await super().terminate(instance_id, output, recursive=recursive)

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to pause. Raises `OverLimit` as well."""
        self.limits.check_payload("the reason", reason)
        await super().suspend(instance_id, reason)

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to go on. Raises `OverLimit` as well."""
        self.limits.check_payload("the reason", reason)
        await super().resume(instance_id, reason)

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Run a failed instance again. Raises `OverLimit` as well."""
        self.limits.check_payload("the reason", reason)
        await super().rewind(instance_id, reason)

    async def set_custom_status(self, instance_id: str, text: str | None) -> None:
        """Write a custom status. Raises `OverLimit` by the hub's limits as well."""
        self.limits.check_payload("the custom status", text)
        await super().set_custom_status(instance_id, text)

    async def force_terminate(self, ids: Sequence[str], reason: str | None) -> tuple[str, ...]:
        """End instances in storage. Raises `OverLimit` as well."""
        self.limits.check_payload("the reason", reason)
        return await super().force_terminate(ids, reason)

    async def signal_entity(
        self,
        instance_id: str,
        name: str,
        input: str | None,  # noqa: A002 (the wire's word)
        *,
        request_id: str = "",
        scheduled: Ticks | None = None,
        trace: Trace | None = None,
        requested: Ticks | None = None,
    ) -> None:
        """Send an entity an operation. Raises `OverLimit` as well."""
        self.limits.check_entity_id(instance_id)
        self.limits.check_name("the operation", name)
        self.limits.check_payload(f"the input of signal {name!r}", input)
        await super().signal_entity(
            instance_id,
            name,
            input,
            request_id=request_id,
            scheduled=scheduled,
            trace=trace,
            requested=requested,
        )

    async def clean_entities(
        self, *, remove_empty: bool, release_locks: bool, token: str | None
    ) -> EntityCleaning:
        """Clean up. Under DTS's limits nothing is told of it: DTS cleans by itself and answers 0."""
        done = await super().clean_entities(
            remove_empty=remove_empty, release_locks=release_locks, token=token
        )
        return EntityCleaning(0, 0, done.token) if self.limits.silent_cleaning else done

    # -- workers -------------------------------------------------------------------------------

    async def complete_orchestration(
        self, token: str, instance_id: str, result: TurnAnswer
    ) -> None:
        """Take a worker's answer, as the limits leave it."""
        kept = limited_turn(self.limits, result)
        await super().complete_orchestration(token, instance_id, kept)

    async def complete_activity(
        self,
        token: str,
        instance_id: str,
        task_id: int,
        *,
        result: str | None,
        failure: Failure | None,
    ) -> None:
        """Take an activity's result, as the limits leave it."""
        kept = limited_activity(self.limits, ActivityResult(result, failure))
        await super().complete_activity(
            token, instance_id, task_id, result=kept.result, failure=kept.failure
        )
