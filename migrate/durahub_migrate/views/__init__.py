"""Views of a bundle: what has happened, in shapes that users' own readers know; they lose what those lack."""
