"""durahub: a Durable Task backend that keeps its task hubs in the classic Azure Storage layout."""

__version__ = "0.1.0"
