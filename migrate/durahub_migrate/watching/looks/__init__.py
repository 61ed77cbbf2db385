"""Looks at queues, leases, messages, blobs and single instances: what explanations and health need."""
