"""The monitor in a terminal: what the web shows, in screens of text."""
