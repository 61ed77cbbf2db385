"""ARM910: a role that does not exist."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher, get_close_matches

from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.templates import ROLE_ASSIGNMENT, TemplateFacts, rewriting
from durahub_migrate.lint.files.computed import text_of
from durahub_migrate.lint.files.document import Node
from durahub_migrate.lint.finding import Finding, Fix, Severity
from durahub_migrate.lint.rule import SCHEDULER_PROFILES, Rule
from durahub_migrate.lint.rules.arm.roles import IDS, ROLES
from durahub_migrate.lint.rules.arm.wide_role import assignment
from durahub_migrate.lint.target import Given
from durahub_migrate.lint.template_examples import in_bicep, scheduler

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEAR = 0.85  # from which similarity on an ID is taken for a misspelled one


def _module(role: str) -> str:
    return f"""module access 'br/public:avm/ptn/authorization/resource-role-assignment:0.1.1' = {{
  name: 'access'
  params: {{
    resourceId: scheduler.id
    roleDefinitionId: '{role}'
    principalId: '11111111-2222-3333-4444-555555555555'
  }}
}}
"""


class UnknownRole(Rule[TemplateFacts]):
    """Finds role assignments with a role of the Durable Task Scheduler that does not exist.

    Why it matters: there are three roles: *Durable Task Data Contributor*, *Durable Task Worker* and
    *Durable Task Data Reader*. Guides that circulate name others, such as *Durable Task Scheduler Task Hub
    Contributor*. And in an ID of a role definition only the GUID of the role counts, not its name. The
    deployment fails.

    What to do: use the ID of a role that there is. Most apps need *Durable Task Data Contributor*,
    ``0ad04412-c4d5-4796-b79c-f76d14c8d402``.
    """

    code = "ARM910"
    message = "role does not exist"
    severity = Severity.ERROR
    source = "Azure built-in roles, Integration; Durable Task Scheduler documentation on identity"
    about = (TemplateFacts,)
    needs = frozenset({Need.TEMPLATES})
    profiles = SCHEDULER_PROFILES
    bad = (
        in_bicep(
            "A name from a guide, passed to a module",
            scheduler() + _module("Durable Task Scheduler Task Hub Contributor"),
        ),
        in_bicep(
            "Two digits swapped",
            scheduler() + assignment("scope: scheduler", "0ad04412-c4d5-4796-b79c-f76d14c8d420"),
        ),
        in_bicep(
            "A name in the place of an ID",
            scheduler() + assignment("scope: scheduler", "Durable Task Data Contributor"),
        ),
    )
    good = (
        *(
            in_bicep(name, scheduler() + assignment("scope: scheduler", role))
            for role, name in ROLES.items()
        ),
        in_bicep(
            "A module that takes names", scheduler() + _module("Durable Task Data Contributor")
        ),
        in_bicep(
            "Another service's role",
            scheduler() + assignment("", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"),
        ),
    )

    def check(self, fact: TemplateFacts, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Look at assignments, and at what modules that cannot be read are given as a role."""
        for resource in fact.of_kind(ROLE_ASSIGNMENT):
            node = resource.look("properties.roleDefinitionId")
            role = (text_of(node) or "").rpartition("/")[2]
            said = _problem(role, names_are_allowed=False)
            if node is not None and said is not None:
                fix = _fix(resource.file, node, role, _id_meant(role))
                place = resource.place(node, "properties.roleDefinitionId")
                yield self.at(place, said, fix=fix)
        for module in fact.unread:
            for path, node in module.params.leaves("params") if module.params is not None else ():
                role = text_of(node) or ""
                if "role" not in path.rpartition(".")[2].lower():
                    continue
                said = _problem(role.rpartition("/")[2], names_are_allowed=True)
                if said is not None:
                    file = module.place.source
                    place = type(module.place)(
                        source=file,
                        kind=module.place.kind,
                        key=f"{module.place.key}.{path}",
                        span=node.span,
                    )
                    yield self.at(place, said, fix=_fix(file, node, role, _meant(role)))


def _problem(role: str, *, names_are_allowed: bool) -> str | None:
    folded = role.lower()
    if not role or folded in ROLES:
        return None
    if _GUID.fullmatch(folded):
        near = _id_meant(folded)
        return f"{role} is no role; {near} is {ROLES[near]}" if near is not None else None
    if not folded.startswith("durable task"):
        return None
    if folded not in {name.lower() for name in IDS}:
        return f"there is no role {role!r}"
    return None if names_are_allowed else f"{role!r} is the name of a role, not its ID"


def _id_meant(role: str) -> str | None:
    """Return the ID that is meant by one that differs in a few characters, or by a name."""
    if not _GUID.fullmatch(role.lower()):
        return IDS.get(_meant(role) or "")
    near = [one for one in ROLES if SequenceMatcher(None, one, role.lower()).ratio() > _NEAR]
    return near[0] if near else None


def _meant(role: str) -> str | None:
    """Return the name of the role that is meant."""
    if role.lower().startswith("durable task") and "contributor" in role.lower():
        return "Durable Task Data Contributor"
    near = get_close_matches(role, IDS, n=1, cutoff=_NEAR)
    return near[0] if near else None


def _fix(file: str, node: Node, role: str, meant: str | None) -> Fix | None:
    text = text_of(node)
    if meant is None or text is None:
        return None
    return rewriting(f"write {meant}", file, node, text[: len(text) - len(role)] + meant)
