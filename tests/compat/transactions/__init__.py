"""Real clients that copy a topic in transactions, while brokers and copiers are killed."""
