"""``durahub export``: a hub, read as it is, into a bundle."""
