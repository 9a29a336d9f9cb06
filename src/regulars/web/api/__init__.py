"""The API: what a shop's own programs ask and tell, under ``/v1/``."""
