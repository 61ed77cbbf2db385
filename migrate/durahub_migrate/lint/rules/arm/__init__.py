"""Rules about schedulers, hubs, access and capacity in templates."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules.arm.bad_name import BadName
from durahub_migrate.lint.rules.arm.known_later import KnownLater
from durahub_migrate.lint.rules.arm.no_allowlist import NoAllowlist
from durahub_migrate.lint.rules.arm.no_redundancy import NoRedundancy
from durahub_migrate.lint.rules.arm.not_understood import NotUnderstood
from durahub_migrate.lint.rules.arm.open_to_all import OpenToAll
from durahub_migrate.lint.rules.arm.other_region import OtherRegion
from durahub_migrate.lint.rules.arm.over_quota import OverQuota
from durahub_migrate.lint.rules.arm.preview_version import PreviewVersion
from durahub_migrate.lint.rules.arm.sku_capacity import SkuCapacity
from durahub_migrate.lint.rules.arm.still_public import StillPublic
from durahub_migrate.lint.rules.arm.too_little_throughput import TooLittleThroughput
from durahub_migrate.lint.rules.arm.too_much_data import TooMuchData
from durahub_migrate.lint.rules.arm.undeclared_hub import UndeclaredHub
from durahub_migrate.lint.rules.arm.unknown_role import UnknownRole
from durahub_migrate.lint.rules.arm.wide_role import WideRole

RULES: tuple[Rule[Any], ...] = (
    BadName(),
    NoAllowlist(),
    OpenToAll(),
    SkuCapacity(),
    NoRedundancy(),
    OverQuota(),
    PreviewVersion(),
    UndeclaredHub(),
    WideRole(),
    UnknownRole(),
    OtherRegion(),
    TooLittleThroughput(),
    TooMuchData(),
    StillPublic(),
    NotUnderstood(),
    KnownLater(),
)
