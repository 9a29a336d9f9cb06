"""What changes one row at a time and must be right now."""
