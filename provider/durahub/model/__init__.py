"""What the field talks about, as values: events, messages, instances. No clock, no I/O, no codec."""
