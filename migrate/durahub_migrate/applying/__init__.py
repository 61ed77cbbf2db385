"""Carrying out a plan: a journal of what was done, phases over all units, a throttle, a job that goes on."""
