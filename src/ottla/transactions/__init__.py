"""The transaction coordinator as a pure machine. Empty until transactions are served."""
