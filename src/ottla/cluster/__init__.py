"""Cluster metadata: an ordered stream of changes in a store, applied to one immutable image."""
