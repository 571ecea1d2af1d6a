"""Configs: what there are, how they are given, what they are now."""
