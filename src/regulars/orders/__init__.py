"""What was bought, in the store: taken in once however often it is told, changed, refunded."""
