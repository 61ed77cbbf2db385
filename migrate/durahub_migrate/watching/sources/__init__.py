"""Where rows come from: one source for each kind of store."""
