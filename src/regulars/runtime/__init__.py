"""The only place that knows every room: it wires them into the one way that orders travel."""
