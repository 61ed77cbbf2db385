"""CFG105: extended sessions with the scheduler."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_scheduler_app, an_app
from durahub_migrate.lint.rules.cfg.repairs import without
from durahub_migrate.lint.target import Given

_ENABLED = "extendedSessionsEnabled"
_IDLE = "extendedSessionIdleTimeoutInSeconds"


class ExtendedSessions(Rule[AppFacts]):
    """Finds extended sessions that are on in an app for the scheduler.

    Why it matters: the scheduler has no extended sessions yet. Orchestrators are replayed at every turn,
    which costs more the longer their histories are; who counts on the sessions gets slower turns.

    What to do: remove the setting, and keep histories short with continue-as-new.
    """

    code = "CFG105"
    message = "extended sessions are not available on the scheduler"
    severity = Severity.WARNING
    source = "Durable Task Scheduler documentation, limitations"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (Example("Sessions are on", (a_scheduler_app({_ENABLED: True, _IDLE: 60}),)),)
    good = (
        Example("Sessions are off", (a_scheduler_app({_ENABLED: False}),)),
        Example("With Azure Storage", (an_app({_ENABLED: True}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the switch; what belongs to it goes with it."""
        enabled, idle = fact.get(_ENABLED), fact.get(_IDLE)
        if not fact.uses_scheduler or enabled is None or not enabled.is_true:
            return
        is_safe = fact.always_uses_scheduler
        said = "extended sessions are on, and there are none with azureManaged"
        yield self.at(enabled.place, said, fix=without(enabled, safe=is_safe))
        if idle is not None:
            said = f"{_IDLE} has no effect with azureManaged"
            yield self.at(idle.place, said, discriminator=_IDLE, fix=without(idle, safe=is_safe))
