"""An execution, the events that move it, and the Redis streams that carry them."""
