"""Files of apps and templates, read with positions."""
