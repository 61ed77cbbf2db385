"""How a hub is doing, judged from looks at it: leases, queues, messages, storage, what does not move."""
