"""What .NET's clients answer about a hub: values in, JSON-able objects out. No clock and no I/O."""
