"""What `make up` does: engine, images, configuration, services."""
