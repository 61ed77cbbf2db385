"""CFG114: an app in the in-process model."""

from collections.abc import Iterator

from durahub_migrate.lint.facts.apps import IN_PROCESS_EXTENSION, WORKER_EXTENSION, AppFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.rules.cfg.an_app import a_project, a_scheduler_app, an_app
from durahub_migrate.lint.target import Given

_RUNTIME = "FUNCTIONS_WORKER_RUNTIME"


class InProcess(Rule[AppFacts]):
    """Finds .NET apps that run in the process of the Functions host.

    Why it matters: the scheduler's provider is for the isolated worker. Support for the in-process model has
    ended on 10 November 2026 with any store.

    What to do: move the app to the isolated worker first, and let it run there. Mind what changes for
    instances in flight: the serializer, the default of continue-as-new; see RPL304 and RPL306.
    """

    code = "CFG114"
    message = ".NET app runs in-process"
    severity = Severity.ERROR
    source = "Azure Functions documentation, migration to the isolated worker model"
    about = (AppFacts,)
    needs = frozenset({Need.APP_FILES})
    bad = (
        Example("The setting says so", (an_app(deployed={_RUNTIME: "dotnet"}),)),
        Example(
            "The packages say so", (an_app(files=a_project((IN_PROCESS_EXTENSION, "2.13.0"))),)
        ),
    )
    good = (
        Example("The isolated worker", (an_app(deployed={_RUNTIME: "dotnet-isolated"}),)),
        Example("Its packages", (a_scheduler_app(files=a_project((WORKER_EXTENSION, "1.16.5"))),)),
        Example(
            "An app in JavaScript with extensions of its own",
            (
                an_app(
                    files={
                        "extensions.csproj": a_project((IN_PROCESS_EXTENSION, "3.13.0"))[
                            "app.csproj"
                        ],
                        "package.json": '{"dependencies": {"durable-functions": "^3.0.0"}}',
                    }
                ),
            ),
        ),
        Example("Another language", (an_app(local={_RUNTIME: "python"}),)),
    )

    def check(self, fact: AppFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the worker runtime, said or seen from packages."""
        if fact.runtime is not None and fact.worker == "dotnet":
            what = (
                "is configured for the scheduler" if fact.uses_scheduler else "cannot move as it is"
            )
            said = f"the app runs in-process and {what}"
            yield self.at(fact.runtime.place, said)
