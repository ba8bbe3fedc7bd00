"""The dashboards: `overview`, `service`, `executions`, `logs`, `pipeline`, `python_telemetry`."""
