"""Is every line that was written in Loki? And sending those that are not."""
