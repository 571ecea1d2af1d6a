"""Our clients over bad networks and dying brokers: nothing lost, doubled or torn, nobody stuck, nothing left behind."""
