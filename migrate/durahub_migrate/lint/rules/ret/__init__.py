"""Rules about retention policies."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.ret.api_version import ApiVersion
from durahub_migrate.lint.rules.ret.failed_go_first import FailedGoFirst
from durahub_migrate.lint.rules.ret.hubs_disagree import HubsDisagree
from durahub_migrate.lint.rules.ret.missing_period import MissingPeriod
from durahub_migrate.lint.rules.ret.no_default import NoDefault
from durahub_migrate.lint.rules.ret.no_policy import NoPolicy
from durahub_migrate.lint.rules.ret.payloads_stay import PayloadsStay
from durahub_migrate.lint.rules.ret.period_bounds import PeriodBounds
from durahub_migrate.lint.rules.ret.policy_name import PolicyName
from durahub_migrate.lint.rules.ret.purged_at_once import PurgedAtOnce
from durahub_migrate.lint.rules.ret.purged_on_arrival import PurgedOnArrival
from durahub_migrate.lint.rules.ret.removed_policy import RemovedPolicy
from durahub_migrate.lint.rules.ret.second_entry import SecondEntry
from durahub_migrate.lint.rules.ret.shorter_than_export import ShorterThanExport
from durahub_migrate.lint.rules.ret.unknown_state import UnknownState

RULES: tuple[Rule[Any], ...] = (
    MissingPeriod(),
    PeriodBounds(),
    UnknownState(),
    SecondEntry(),
    PolicyName(),
    NoDefault(),
    PurgedAtOnce(),
    PurgedOnArrival(),
    FailedGoFirst(),
    ShorterThanExport(),
    HubsDisagree(),
    ApiVersion(),
    PayloadsStay(),
    RemovedPolicy(),
    NoPolicy(),
)
