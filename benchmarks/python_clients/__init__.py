"""Python's Kafka clients against each other: `python -m benchmarks.python_clients`."""
