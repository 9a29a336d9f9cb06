"""How fast events are taken in."""
