"""What changes one row at a time and must be right now: people, orders, products, scores, jobs. SQLite, or PostgreSQL for more."""
