"""Apps: their files, what is read of them, the rules about them."""
