"""Instances as they are now, read from each kind of store, within limits that are told."""
