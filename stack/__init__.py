"""The operator's tools: what `make` calls."""
