"""Crashes: what was acknowledged stays, unaltered and in order."""
