"""Ottla against Apache Kafka 4.2, on the same machine in the same run: docs/reference/benchmarks.md."""
