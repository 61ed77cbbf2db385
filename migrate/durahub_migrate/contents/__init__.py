"""Bundles as the content of a move."""
