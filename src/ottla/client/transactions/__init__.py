"""A producer's transactions: the machine, its requests, its errors."""
