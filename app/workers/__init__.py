"""One module a worker; each runs as `python -m app.workers.<module>`."""
