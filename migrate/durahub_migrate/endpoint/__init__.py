"""Any endpoint of the scheduler's protocol, as a client and as a worker sees it."""
