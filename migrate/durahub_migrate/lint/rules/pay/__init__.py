"""Rules about payloads."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.pay.decimal_megabyte import DecimalMegabyte
from durahub_migrate.lint.rules.pay.growing_input import GrowingInput
from durahub_migrate.lint.rules.pay.large_entity_state import LargeEntityState
from durahub_migrate.lint.rules.pay.large_episode import LargeEpisode
from durahub_migrate.lint.rules.pay.large_payload import LargePayload
from durahub_migrate.lint.rules.pay.largest_offloaded import LargestOffloaded
from durahub_migrate.lint.rules.pay.little_room import LittleRoom
from durahub_migrate.lint.rules.pay.lone_surrogate import LoneSurrogate
from durahub_migrate.lint.rules.pay.no_container_access import NoContainerAccess
from durahub_migrate.lint.rules.pay.payload_token import PayloadToken
from durahub_migrate.lint.rules.pay.unresolved_reference import UnresolvedReference

RULES: tuple[Rule[Any], ...] = (
    LargePayload(),
    DecimalMegabyte(),
    LittleRoom(),
    LargestOffloaded(),
    LargeEntityState(),
    LargeEpisode(),
    PayloadToken(),
    UnresolvedReference(),
    LoneSurrogate(),
    NoContainerAccess(),
    GrowingInput(),
)
