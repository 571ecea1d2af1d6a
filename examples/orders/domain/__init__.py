"""What the business knows, without a network, a database or a clock: shared by all three architectures."""
