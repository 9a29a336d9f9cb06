"""What the API takes and gives, one file a noun; each body with an example."""
