"""The transaction coordinator as a pure machine: which transactions there are, and how each one must end."""
