"""Alarms: what is wrong by rules, since when, and who is to be told of it when. No clock, no network."""
