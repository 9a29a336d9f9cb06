"""The doors to the world, which do not know each other: ``edge`` takes events and answers storefronts, quickly; ``api`` is for programs."""
