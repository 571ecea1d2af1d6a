"""The way to the cluster: addresses, connections, and who leads what."""
