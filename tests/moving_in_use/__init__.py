"""Hubs that an app is filling are moved, and the app goes on at the target."""
