"""What the compat, crash and benchmark suites share: broker processes and an independent raw client."""
