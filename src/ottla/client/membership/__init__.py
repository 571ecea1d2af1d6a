"""A consumer as a member of its group."""
