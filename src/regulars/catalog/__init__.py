"""What is sold: products by the shop's own ids."""
