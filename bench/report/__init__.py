"""What is kept of the figures: docs/benchmarks.json, and docs/benchmarks.md written from it."""
