"""Who is this: people by what they are known by. Two known customers are never merged by themselves."""
