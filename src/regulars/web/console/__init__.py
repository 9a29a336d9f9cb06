"""The console: what people see who work with the shop. Plain pages and forms; nothing needs a script."""
