"""Speed and memory beside a peer, measured in the same run on the same files; nothing here asserts on time."""
