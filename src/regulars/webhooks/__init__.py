"""Facts told to other programs over HTTP, signed as Standard Webhooks says: https://www.standardwebhooks.com."""
