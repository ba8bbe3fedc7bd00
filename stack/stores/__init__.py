"""One client for each store: Loki, Jaeger, and the Collector's queue before them."""
