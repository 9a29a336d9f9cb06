"""The demo shop: a small storefront of the simulated shop, shown only by a server that was started for it."""
