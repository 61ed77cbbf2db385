"""Entities: instances that start themselves and always continue as new."""
