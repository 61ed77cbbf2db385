"""The scheduler store: task hubs in one SQLite file, their history as the protocol's own messages."""
