"""Grafana's dashboards as code: `python -m dashboards` writes the JSON that Grafana is provisioned with.

- `boards/`: the dashboards, one module each, in the order in which a person meets them
- `panels/`: the kinds of panels that they are made of
- `sources`, `metrics`, `readable`: what panels ask, of whom, and how a log line is made readable
- `links`, `variables`: where a click leads, and what can be chosen at the top
- `files`: how a dashboard begins, and how it becomes a file
"""
