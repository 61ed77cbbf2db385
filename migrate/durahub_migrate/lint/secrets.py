"""Findings without secrets: what is said of files may quote any text in them."""

from dataclasses import replace

from durahub.secret_texts import hidden
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.rule import Observation


def without_secrets(finding: Finding) -> Finding:
    """Return a finding in a file as it may be kept and told. IDs in hubs are no secrets."""
    place = finding.place
    return replace(
        finding,
        place=replace(place, key=hidden(place.key), part=hidden(place.part)),
        detail=hidden(finding.detail),
        head=None if finding.head is None else hidden(finding.head),
        discriminator=hidden(finding.discriminator),
    )


def observed_without_secrets(observation: Observation) -> Observation:
    """Return what was observed in a file as it may be kept."""
    group, value = hidden(observation.group), hidden(observation.value)
    return replace(observation, group=group, value=value)
