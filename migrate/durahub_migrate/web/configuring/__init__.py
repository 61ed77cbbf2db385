"""Settings of the monitor: the table ``[monitor]`` of a settings file, variables and options."""
