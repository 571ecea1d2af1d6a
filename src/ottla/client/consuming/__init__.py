"""From a partition to a record in the application's hands, and back to a committed offset."""
