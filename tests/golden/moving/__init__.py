"""Recorded .NET hubs, moved by the commands and finished where they were moved to."""
