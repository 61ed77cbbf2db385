"""Apps for the examples of rules: host.json and what stands beside it."""

import json
from collections.abc import Mapping
from typing import Any

from durahub_migrate.lint.facts.apps import AppFacts
from durahub_migrate.lint.files.app_reader import read_app

CONNECTION = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING"
EMULATOR = "Endpoint=http://localhost:8080;Authentication=None"
IN_AZURE = "Endpoint=https://orders.westeurope.durabletask.io;Authentication=ManagedIdentity"
GENERAL = "Microsoft.Azure.Functions.ExtensionBundle"


def an_app(
    task: Mapping[str, Any] | None = None,
    *,
    bundle: tuple[str, str] | None = None,
    local: Mapping[str, str] | None = None,
    deployed: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> AppFacts:
    """Return an app whose host.json has *task* below ``durableTask``.

    *bundle* is the extension bundle's ID and range, *local* are the values of ``local.settings.json``,
    *deployed* those of ``appsettings.prod.json``, *files* others by name.
    """
    host: dict[str, Any] = {"version": "2.0", "extensions": {"durableTask": dict(task or {})}}
    if bundle is not None:
        host["extensionBundle"] = {"id": bundle[0], "version": bundle[1]}
    texts = {"host.json": json.dumps(host, indent=2), **(files or {})}
    if local is not None:
        texts["local.settings.json"] = json.dumps({"IsEncrypted": False, "Values": dict(local)})
    if deployed is not None:
        listed = [{"name": name, "value": value} for name, value in deployed.items()]
        texts["appsettings.prod.json"] = json.dumps(listed)
    (facts,) = read_app("", texts)
    assert isinstance(facts, AppFacts)  # noqa: S101 (for the types)
    return facts


def a_scheduler_app(
    task: Mapping[str, Any] | None = None,
    provider: Mapping[str, Any] | None = None,
    **others: Any,
) -> AppFacts:
    """Return an app for the Durable Task Scheduler; *provider* are further values of ``storageProvider``."""
    stored = {"type": "azureManaged", "connectionStringName": CONNECTION, **(provider or {})}
    return an_app({"hubName": "orders", "storageProvider": stored, **(task or {})}, **others)


def a_project(*packages: tuple[str, str]) -> dict[str, str]:
    """Return a project file with *packages*, names and versions."""
    named = "".join(
        f'<PackageReference Include="{name}" Version="{version}" />' for name, version in packages
    )
    return {"app.csproj": f"<Project><ItemGroup>{named}</ItemGroup></Project>"}
