"""Leader and follower as pure machines. Empty until partitions have more than one replica."""
