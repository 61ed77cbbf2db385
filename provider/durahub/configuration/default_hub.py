"""The hub of an app that names none, as Durable Functions chooses it; classic layout 1.3."""

MOST, LEAST = 45, 3  # characters


def default_hub(site: str | None, *, is_1x: bool) -> str:
    """Return the name; *site* is the app setting ``WEBSITE_SITE_NAME``. Versions 1.x do not look at it."""
    if is_1x:
        return "DurableFunctionsHub"
    return sanitised(site) if site else "TestHubName"


def sanitised(site: str) -> str:
    """Return an app's name as the name of a hub: ``"my-app"`` gives ``"myapp"``."""
    kept = "".join(character for character in site if character.isalnum())
    if not kept:
        return "DefaultTaskHub"
    if kept[0].isnumeric():
        kept = f"t{kept}"
    name = kept[:MOST]
    return name if len(name) >= LEAST else f"{name}Hub"
