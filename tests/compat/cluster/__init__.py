"""Our clients at a cluster whose leaders change: nothing lost, doubled or torn, nobody stuck."""
