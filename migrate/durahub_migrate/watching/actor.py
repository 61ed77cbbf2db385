"""Who acts on a hub: handed to the watch by whoever may, for watching itself changes nothing."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from durahub_migrate.monitor.seam import Actor
from durahub_migrate.watching.opened import OpenedHub

OpenActor = Callable[[OpenedHub], AbstractAsyncContextManager[Actor]]
"""Opens the actor of a hub. It is opened when it is needed first, and closed with the hub."""
