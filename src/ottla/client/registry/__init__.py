"""A Confluent-compatible schema registry's client."""
