"""The controller: pure functions from an image and a request to writes and per-item results."""
