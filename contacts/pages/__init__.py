"""Pages of contact groups, contacts and data sources."""
