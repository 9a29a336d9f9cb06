"""What the shop pays to win customers, as it tells us day by day."""
