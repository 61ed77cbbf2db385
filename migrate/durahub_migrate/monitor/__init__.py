"""What a monitor of task hubs knows and how it says it: values and functions of values, no clock, no I/O."""
