"""The ways to hubs: accounts, files, endpoints, bundles."""
