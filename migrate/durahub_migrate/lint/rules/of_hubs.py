"""The profiles of rules about task hubs: `dts-native` has none, for there is no such hub."""

from durahub_migrate.lint.rule import ALL_PROFILES

OF_HUBS = ALL_PROFILES - {"dts-native"}
WHEN_MOVING = OF_HUBS - {"recommended"}  # nothing is wrong as long as the hub stays where it is
