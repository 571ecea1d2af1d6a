"""Runs the systems, loads them, breaks them, and judges what is left."""
