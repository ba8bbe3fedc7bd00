"""The reference workload: a FastAPI backend and six workers that exchange events over Redis streams."""
