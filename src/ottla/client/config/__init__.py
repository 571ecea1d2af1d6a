"""What clients can be told, and the names it has elsewhere."""
