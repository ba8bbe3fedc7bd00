"""`python -m dashboards` writes every dashboard to where Grafana is provisioned from."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards import files
from dashboards.boards.executions import executions
from dashboards.boards.logs import logs
from dashboards.boards.overview import overview
from dashboards.boards.pipeline import pipeline
from dashboards.boards.python_telemetry import python_telemetry
from dashboards.boards.service import service


def every_dashboard() -> list[Dashboard]:
    """Build all dashboards."""
    return [overview(), service(), executions(), logs(), pipeline(), python_telemetry()]


def contents() -> dict[str, str]:
    """Each file's name and content."""
    built = [board.build() for board in every_dashboard()]
    return {f"{board.uid}.json": files.as_json(board) for board in built}


if __name__ == "__main__":
    for name, content in contents().items():
        (files.FOLDER / name).write_text(content)
