"""Decides how each tree of a bundle is moved, before anything is moved."""
