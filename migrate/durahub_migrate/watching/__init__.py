"""Watches hubs within a budget of requests: what changes goes into a local index, the rest is read live."""
