"""A shopper's own page for real shops: opened by a short-lived entry that the shop signs, shown inside the shop's pages or alone."""
