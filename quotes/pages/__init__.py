"""Pages of quotes and their lines."""
