"""The monitor's web application: an ASGI app with an API and the front end's files."""
