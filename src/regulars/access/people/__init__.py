"""People who sign in: who they are, what their roles open, and what proves that it is them."""
