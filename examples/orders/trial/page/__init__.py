"""The live page: what happens, where an order is, what is broken, and what that costs the buyers."""
