"""The HTTP APIs: that of the scheduler, and that of Durable Functions."""
