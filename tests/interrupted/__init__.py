"""Moves that are interrupted: at any moment, by anything, at every kind of target."""
