"""``durahub rehearse``: a user's own orchestrators replay the histories of a bundle, with no effects."""
