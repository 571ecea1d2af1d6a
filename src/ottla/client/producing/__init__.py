"""From a value to its place in a partition."""
