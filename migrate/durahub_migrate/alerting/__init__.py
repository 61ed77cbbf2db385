"""Alerts and metrics of the monitor: rules are judged in its process, and receivers told."""
