"""What `__consumer_offsets` holds, in Apache Kafka's own formats (docs/formats/consumer-offsets.md)."""
