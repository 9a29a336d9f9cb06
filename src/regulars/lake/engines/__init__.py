"""The engines that execute frames; only the lake imports them."""
