"""Every scenario of `make bench`, with the systems that it compares."""

from bench.scenario import Scenario
from bench.scenarios import start_up
from bench.scenarios.capacity import Capacity
from bench.scenarios.footprint import Footprint
from bench.scenarios.generated import Generated
from bench.scenarios.latency import Latency
from bench.scenarios.queries import EVERYTHING, Queries
from bench.scenarios.transfer import Transfer, loki_killed, worst_query
from bench.systems.compared import (
    loki_alone,
    otel_lgtm,
    sink,
    specification,
    this_stack,
)

# What a person types who does not know what it costs.
WORST = (
    f'{EVERYTHING} |~ "(?i).*(a+b+)+never.*"',
    f'{EVERYTHING} | json | detail=~".*memory.*limit.*" | line_format "{{{{.detail}}}}"',
    f"sum by (level) (count_over_time({EVERYTHING} | json [1h]))",
    f"topk(10, sum by (detail) (rate({EVERYTHING} | json [1h])))",
)

SCENARIOS = (
    Scenario(
        "latency",
        "From the moment at which a line is written until a query finds it; ten probes a second among the others.",
        (this_stack, specification, otel_lgtm, loki_alone),
        Latency(),
    ),
    Scenario(
        "burst",
        "A million lines as fast as they are taken.",
        (this_stack, loki_alone),
        Transfer(lines=1_000_000),
    ),
    Scenario(
        "burst",
        "`sink` throws them away: the most that the load generator gives.",
        (specification, otel_lgtm, sink),
        Transfer(lines=1_000_000),
        repeats=1,
    ),
    Scenario(
        "telemetrygen",
        "The same from the Collector project's own generator, all lines alike. No rate: not within two minutes.",
        (this_stack, specification, otel_lgtm, sink),
        Generated(lines=1_000_000),
        repeats=1,
    ),
    Scenario(
        "crash",
        "The same with half a million more, and Loki killed with -9 in the middle.",
        (this_stack, specification),
        Transfer(lines=1_500_000, incidents=(loki_killed,)),
        repeats=1,
    ),
    Scenario(
        "sustained",
        "20,000 lines a second for three minutes: kill -9 of Loki after one, the worst query after two.",
        (this_stack,),
        Transfer(lines=3_600_000, lines_per_second=20_000, incidents=(loki_killed, worst_query)),
        repeats=1,
    ),
    Scenario(
        "sustained",
        "10,000 lines a second for a minute, and nothing goes wrong.",
        (this_stack, specification, otel_lgtm),
        Transfer(lines=600_000, lines_per_second=10_000),
        repeats=1,
    ),
    Scenario(
        "capacity",
        "More than Loki takes is offered; what is passed on to it.",
        (this_stack, loki_alone),
        Capacity(),
        repeats=1,
    ),
    Scenario(
        "queries",
        "A day of lines; the specification's four queries and what dashboards and links ask.",
        (this_stack,),
        Queries(day_lines=10_000_000, stages=(1_000_000, 10_000_000), worst=WORST),
        repeats=1,
    ),
    Scenario(
        "footprint",
        "Memory and processor time of each component, health checks included; without the application.",
        (this_stack, specification),
        Footprint(),
    ),
    Scenario(
        "start-up",
        "`make up` with all images on this machine, application included.",
        (this_stack,),
        start_up.measure,
        repeats=2,
    ),
)
NAMES = tuple(dict.fromkeys(scenario.name for scenario in SCENARIOS))
