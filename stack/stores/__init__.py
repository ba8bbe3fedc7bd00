"""One client for each store: Loki, Jaeger, VictoriaMetrics, and the Collector's queue before them."""
