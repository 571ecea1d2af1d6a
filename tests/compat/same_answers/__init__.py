"""The same questions to Ottla and to Apache Kafka, and one page of what Apache Kafka answers."""
