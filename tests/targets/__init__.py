"""Moves to targets."""
