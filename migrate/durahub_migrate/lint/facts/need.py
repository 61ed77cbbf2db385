"""What a rule needs to be judged. A rule whose needs nobody meets is *not evaluated*, never passed."""

from collections.abc import Mapping
from enum import Enum


class Need(Enum):
    """A kind of evidence; the value says in words what is missing without it."""

    APP_FILES = "an app's folder (host.json, settings, packages)"
    APP_SETTINGS = "an app's settings (local.settings.json, appsettings.json)"
    TEMPLATES = "Bicep or ARM templates"
    PLAN = "a plan of a move (durahub plan)"
    POLICIES = "a retention policy"
    HUB = "a task hub"
    STORAGE = "a hub in Azure Storage"
    INSTANCES = "a hub's instances"
    HISTORY = "histories"
    QUEUES = "a hub's queues"
    LEASES = "a hub's leases"
    BLOBS = "a hub's large-message blobs"
    SNAPSHOT = "a bundle, or a hub that is stopped (lint.target.frozen)"
    TARGET_SDK = "the target's SDK (--target-sdk)"
    TARGET_SKU = "the target's SKU (--target-sku)"
    TARGET_NAMES = "the names that the target app registers (lint.target.names)"
    STRATEGY = "how the hub is to be moved (--strategy)"
    ID_MAP = "a mapping of instance IDs (--id-map)"
    EXPORTS = "how often histories are exported (lint.target.export-every-days)"
    LOAD = "the load to expect (lint.target.actions-per-second)"


TOLD_BY: Mapping[Need, str] = {
    Need.TARGET_SDK: "--target-sdk",
    Need.TARGET_SKU: "--target-sku",
    Need.STRATEGY: "--strategy",
    Need.ID_MAP: "--id-map",
    Need.TARGET_NAMES: "target.names",
    Need.EXPORTS: "target.export-every-days",
    Need.LOAD: "target.actions-per-second",
    Need.SNAPSHOT: "target.frozen",
}
"""The options, else the settings, that tell what is planned."""
