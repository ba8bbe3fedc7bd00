"""The backend's HTTP interface."""
