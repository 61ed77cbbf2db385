"""Rules about identifiers, names and tags."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.idn.bad_mapping import BadMapping
from durahub_migrate.lint.rules.idn.entity_name_case import EntityNameCase
from durahub_migrate.lint.rules.idn.growing_child_id import GrowingChildId
from durahub_migrate.lint.rules.idn.large_tags import LargeTags
from durahub_migrate.lint.rules.idn.leading_at import LeadingAt
from durahub_migrate.lint.rules.idn.long_entity_id import LongEntityId
from durahub_migrate.lint.rules.idn.long_instance_id import LongInstanceId
from durahub_migrate.lint.rules.idn.mentioned_id import MentionedId
from durahub_migrate.lint.rules.idn.same_beginning import SameBeginning
from durahub_migrate.lint.rules.idn.separator_in_id import SeparatorInId
from durahub_migrate.lint.rules.idn.twin_ids import TwinIds
from durahub_migrate.lint.rules.idn.two_keys import TwoKeys
from durahub_migrate.lint.rules.idn.unprintable_id import UnprintableId

RULES: tuple[Rule[Any], ...] = (
    LongInstanceId(),
    UnprintableId(),
    SeparatorInId(),
    LeadingAt(),
    LongEntityId(),
    SameBeginning(),
    GrowingChildId(),
    TwinIds(),
    LargeTags(),
    EntityNameCase(),
    TwoKeys(),
    MentionedId(),
    BadMapping(),
)
