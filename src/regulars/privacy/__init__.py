"""What may be done with whom: consents and objections, asked by every room above."""
