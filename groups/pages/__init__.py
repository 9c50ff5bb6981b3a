"""Pages of a recipient group: who is in it, and who comes and goes."""
