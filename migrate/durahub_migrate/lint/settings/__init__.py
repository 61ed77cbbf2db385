"""What the linter is told: the table ``[lint]`` of ``durahub.toml``, and the command line."""
