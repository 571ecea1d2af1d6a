"""Consumer groups with real clients."""
