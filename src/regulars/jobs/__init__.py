"""A queue of background work in the store: taken by a lease, tried again when it fails, never done by two at once while leases are renewed."""
