"""CFG119: a Premium plan that does not see the scheduler's load."""

from collections.abc import Iterator, Mapping

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import HUB, SCHEDULER, Resource, TemplateFacts
from durahub_migrate.lint.files.document import Member, Node, Scalar, Unknown
from durahub_migrate.lint.finding import Confidence, Edit, Finding, Fix, Severity
from durahub_migrate.lint.place import Place, PlaceKind, Span
from durahub_migrate.lint.rule import Example, Rule
from durahub_migrate.lint.target import Given

_SITE, _PLAN = "microsoft.web/sites", "microsoft.web/serverfarms"
_CONFIG = "microsoft.web/sites/config"
_SETTING = "functionsRuntimeScaleMonitoringEnabled"
_AT = Span(1, 1, 1, 1, 0, 0)


def _object(**values: object) -> Node:
    members = []
    for name, value in values.items():
        node = value if isinstance(value, Node) else Node("scalar", _AT, scalar=_scalar(value))
        members.append(Member(name, _AT, node, _AT))
    return Node("object", _AT, members=tuple(members))


def _scalar(value: object) -> Scalar:
    assert isinstance(value, (str, bool, Unknown))  # noqa: S101 (for the types)
    return value


def _resource(key: str, kind: str, body: Node) -> Resource:
    return Resource(
        file="main.bicep",
        key=key,
        type=kind,
        api_version="2023-12-01",
        declared=_AT,
        version=None,
        name=None,
        names=(key,),
        body=body,
    )


def _template(
    plan: str, site: Mapping[str, object] | None = None, *, scheduler: bool = True
) -> TemplateFacts:
    config = _object(siteConfig=_object(**(site or {})))
    resources = [
        _resource("plan", "Microsoft.Web/serverfarms", _object(sku=_object(name=plan))),
        _resource(
            "app", "Microsoft.Web/sites", _object(kind="functionapp,linux", properties=config)
        ),
    ]
    if scheduler:
        resources.append(_resource("dts", "Microsoft.DurableTask/schedulers", _object()))
    place = Place(source="main.bicep", kind=PlaceKind.FILE)
    return TemplateFacts(place=place, format="bicep", resources=tuple(resources))


class ScaleMonitoring(Rule[TemplateFacts]):
    """Finds function apps on a Premium plan, beside a scheduler, that do not watch their triggers themselves.

    Why it matters: on the Elastic Premium plan the platform sees how much work waits in a scheduler only if
    the app tells it, by runtime scale monitoring. Without it the app stays at its smallest size however
    much waits.

    What to do: set ``functionsRuntimeScaleMonitoringEnabled: true`` in the app's ``siteConfig``.
    """

    code = "CFG119"
    message = "Premium plan without runtime scale monitoring"
    severity = Severity.WARNING
    confidence = Confidence.MEDIUM
    source = "Durable Task Scheduler documentation, hosting on the Premium plan"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    bad = (
        Example("It is not set", (_template("EP1"),)),
        Example("It is off", (_template("EP2", {_SETTING: False}),)),
    )
    good = (
        Example("It is on", (_template("EP1", {_SETTING: True}),)),
        Example(
            "A parameter without default decides", (_template("EP1", {_SETTING: Unknown("p")}),)
        ),
        Example("Flex Consumption", (_template("FC1"),)),
        Example("No scheduler", (_template("EP1", scheduler=False),)),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at the sites of a template whose plans are all Premium."""
        plans = list(fact.of_kind(_PLAN, existing=True))
        schedules = any(
            one for kind in (SCHEDULER, HUB) for one in fact.of_kind(kind, existing=True)
        )
        if not schedules or not plans or not all(_is_premium(plan) for plan in plans):
            return
        configs = (one.look(f"properties.{_SETTING}") for one in fact.of_kind(_CONFIG))
        if any(node is not None and node.scalar is not False for node in configs):
            return  # set apart from the site
        for site in fact.of_kind(_SITE):
            kind = site.look("kind")
            if kind is not None and "functionapp" in str(kind.scalar).lower():
                yield from self._judge(site)

    def _judge(self, site: Resource) -> Iterator[Finding]:
        path = f"properties.siteConfig.{_SETTING}"
        node = site.look(path)
        if node is None:
            yield self.at(site.place(path=path), f"{site.key} does not set {_SETTING}")
        elif node.scalar is False:
            fix = None
            if node.literal:
                edit = Edit(node.span.start, node.span.stop, "true")
                fix = Fix(f"set {_SETTING} to true", site.file, (edit,), safe=False)
            yield self.at(site.place(node, path), f"{site.key} has {_SETTING} off", fix=fix)


def _is_premium(plan: Resource) -> bool:
    name, tier = plan.look("sku.name"), plan.look("sku.tier")
    return any(
        node is not None and str(node.scalar).lower().startswith(start)
        for node, start in ((name, "ep"), (tier, "elasticpremium"))
    )
