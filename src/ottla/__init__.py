"""Ottla: Apache Kafka's whole system in Python. Importing this package imports nothing else."""

__version__ = "0.1.0"
