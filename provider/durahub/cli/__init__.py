"""The command ``durahub``: parse, call one function, print, exit."""
