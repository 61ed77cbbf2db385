"""The screens of the monitor in a terminal."""
