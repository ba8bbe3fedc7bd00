"""The provisioned data sources, and queries to them."""

from dataclasses import dataclass
from typing import Self

from grafana_foundation_sdk.builders import loki, prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

# By uid, as grafana/provisioning/datasources/datasources.yml names them.
LOKI = DataSourceRef(type_val="loki", uid="loki")
JAEGER = DataSourceRef(type_val="jaeger", uid="jaeger")
VICTORIA_METRICS = DataSourceRef(type_val="prometheus", uid="victoria-metrics")


class TraceSearch(Builder[Dataquery], Dataquery):
    """A search in Jaeger, which the SDK has no builder for: builder and query in one."""

    def __init__(self, service: str, at_most: int) -> None:
        self._search: dict[str, object] = {"queryType": "search", "service": service, "limit": at_most}

    def ref_id(self, ref_id: str) -> Self:
        """Name the query within its panel."""
        self._search["refId"] = ref_id
        return self

    def build(self) -> Self:
        """Return the query."""
        return self

    def to_json(self) -> dict[str, object]:
        """Return what the SDK's encoder writes."""
        return {"datasource": JAEGER, **self._search}


@dataclass(frozen=True)
class Query:
    """A query and the data source that answers it."""

    source: DataSourceRef
    builder: loki.Dataquery | prometheus.Dataquery | TraceSearch


def logql(expr: str, legend: str = "") -> Query:
    """Metrics from log lines, over the dashboard's time range."""
    query = loki.Dataquery().datasource(LOKI).query_type("range").expr(expr).legend_format(legend)
    return Query(LOKI, query)


def lines(expr: str, at_most: int) -> Query:
    """The newest log lines themselves."""
    query = loki.Dataquery().datasource(LOKI).query_type("range").expr(expr).max_lines(at_most)
    return Query(LOKI, query)


def promql(expr: str, legend: str = "") -> Query:
    """Metrics over the dashboard's time range."""
    return Query(VICTORIA_METRICS, _prometheus(expr, legend).range())


def promql_now(expr: str, legend: str = "") -> Query:
    """Metrics at the end of the dashboard's time range."""
    return Query(VICTORIA_METRICS, _prometheus(expr, legend).instant())


def promql_table(expr: str) -> Query:
    """The same as rows of a table."""
    return Query(VICTORIA_METRICS, _prometheus(expr, "").instant().format(PromQueryFormat.TABLE))


def _prometheus(expr: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().datasource(VICTORIA_METRICS).expr(expr).legend_format(legend)


def traces_of(service: str, at_most: int) -> Query:
    """The newest traces that a service took part in."""
    return Query(JAEGER, TraceSearch(service, at_most))
