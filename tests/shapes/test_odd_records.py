"""Whatever decodes as OTLP is stored, says what was mended, and costs its neighbours nothing."""

import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from stack.stores.loki import Line
from tests.shapes.conftest import Pipeline, new_marker
from tests.shapes.odd import NAMESPACE, NOT_UTF8, Odd, nested, on_the_wire, plain
from tests.support.otlp_values import Attributes, key_values

DAY_NS = 24 * 3600 * 10**9
LONGEST_LINE = 256 * 1024
THOUSAND = {f"attribute.{number}": f"value {number}" for number in range(1000)}


@dataclass(frozen=True)
class Stored:
    """What has to be in Loki: how the line begins, which repairs it names, and what is beside it."""

    line: str = "odd"
    repaired: Set[str] = frozenset()
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


BODIES = {
    "body-absent": (Odd(body=None), Stored("")),
    "body-empty": (Odd(body=""), Stored("")),
    "body-of-5-mb": (
        Odd(body="odd" + "x" * 5_000_000),
        Stored("odd" + "x" * 1000, {"body_truncated"}, {"otel_collector_original_body_size": "5000003"}),
    ),
    "body-cut-inside-a-character": (Odd(body="odd" + "я" * 200_000), Stored("oddя", {"body_truncated"})),
    "body-of-nul-bytes": (Odd(body="odd\0\0"), Stored("odd\0\0")),
    "body-that-is-no-utf-8": (Odd(body=f"odd {NOT_UTF8} end"), Stored("odd ")),
    "body-a-number": (Odd(body=17), Stored("17")),
    "body-bytes": (Odd(body=b"\x00\xff odd"), Stored("AP8gb2Rk")),
    "body-a-map": (Odd(body={"event": "odd", "l": [1, {"a": None}]}), Stored('{"event":"odd","l":[1,{"a":null}]}')),
    "body-a-list": (Odd(body=["odd", 2]), Stored('["odd",2]')),
    "body-a-map-with-nan": (
        Odd(body={"event": "odd", "x": {"y": float("nan")}}),
        Stored('{"event":"odd","x.y":"NaN"}', {"body_flattened"}),
    ),
    "body-a-list-with-infinity": (
        Odd(body=["odd", float("inf")]),
        Stored('{"list.0":"odd","list.1":"Infinity"}', {"body_flattened"}),
    ),
    "body-a-map-of-5-mb": (Odd(body={"odd": ["x" * 1000] * 5000}), Stored('{"odd":["xxx', {"body_truncated"})),
    "body-nested-30-deep": (Odd(body=nested(30)), Stored('{"k":{"k":{"k":')),
    "body-a-json-bomb": (Odd(body='{"a":' * 100_000), Stored('{"a":{"a":', {"body_truncated"})),
}


def times(now_ns: int) -> dict[str, tuple[Odd, Stored]]:
    """Records whose time is odd, or odd beside a present that is `now_ns`."""
    return {
        "time-absent": (Odd("odd", time_ns=0), Stored(repaired={"time_missing"})),
        "time-only-observed": (Odd("odd", time_ns=0, observed_ns=now_ns), Stored()),
        "time-1970": (
            Odd("odd", time_ns=1, observed_ns=now_ns),
            Stored(repaired={"time_mended"}, metadata={"otel_collector_original_time": "1"}),
        ),
        "time-next-year": (
            Odd("odd", time_ns=now_ns + 365 * DAY_NS),
            Stored(repaired={"time_mended"}, metadata={"otel_collector_original_time": str(now_ns + 365 * DAY_NS)}),
        ),
        "time-and-observation-both-1970": (
            Odd("odd", time_ns=1, observed_ns=2),
            Stored(
                repaired={"time_mended"},
                metadata={"otel_collector_original_time": "1", "otel_collector_original_observed_time": "2"},
            ),
        ),
        "time-absent-and-observation-1970": (Odd("odd", time_ns=0, observed_ns=2), Stored(repaired={"time_mended"})),
        "time-beyond-signed-64-bits": (Odd("odd", time_ns=2**64 - 1), Stored(repaired={"time_mended"})),
    }


ATTRIBUTES = {
    "key-empty": (
        Odd("odd", {"": "v", "kept": "1"}),
        Stored(repaired={"attributes_set_aside"}, metadata={"otel_collector_odd_attributes": '{"":"v"}', "kept": "1"}),
    ),
    "key-without-a-usable-character": (
        Odd("odd", {"_.-": "v"}),
        Stored(repaired={"attributes_set_aside"}, metadata={"otel_collector_odd_attributes": '{"_.-":"v"}'}),
    ),
    "keys-cyrillic": (
        Odd("odd", {"имя": "Иван", "user.имя": "Пётр"}),
        Stored(
            repaired={"attributes_set_aside"},
            metadata={"otel_collector_odd_attributes": '{"user.имя":"Пётр","имя":"Иван"}'},
        ),
    ),
    "key-that-steers-loki": (
        Odd("odd", {"__error__": "fails every metric query"}),
        Stored(repaired={"attributes_set_aside"}),
    ),
    "key-with-nul-and-line-feed": (Odd("odd", {"a\0b\nc": "v"}), Stored(repaired={"attributes_set_aside"})),
    "key-that-is-no-utf-8": (Odd("odd", {f"a{NOT_UTF8}": "v"}), Stored(repaired={"attributes_set_aside"})),
    "key-of-2-kb": (Odd("odd", {"k" * 2000: "v"}), Stored(metadata={"k" * 2000: "v"})),
    "key-of-1-mb": (Odd("odd", {"k" * 1_000_000: "v"}), Stored(repaired={"attributes_truncated"})),
    "keys-colliding": (
        Odd("odd", {"a.b": "1", "a_b": "2"}),
        Stored(
            repaired={"attributes_merged"},
            metadata={"otel_collector_original_attributes": '{"a.b":"1","a_b":"2"}'},
        ),
    ),
    "key-twice": (Odd("odd", [("k", "1"), ("k", "2")]), Stored(metadata={"k": "2"})),
    "attributes-1000": (
        Odd("odd", THOUSAND),
        Stored(repaired={"attributes_truncated"}, metadata={"attribute_0": "value 0"}),
    ),
    "attributes-that-only-a-sdk-limits": (
        Odd("odd", {f"a{number}": "v" for number in range(128)}),
        Stored(metadata={"a0": "v", "a127": "v"}),
    ),
    "values-of-20-kb": (
        Odd("odd", {"exception.stacktrace": "s" * 20_000}),
        Stored(metadata={"exception_stacktrace": "s" * 20_000}),
    ),
    "values-of-1-mb": (
        Odd("odd", {"a": "x" * 1_000_000, "b": "kept"}),
        Stored(repaired={"attributes_truncated"}, metadata={"a": "x" * 16384, "b": "kept"}),
    ),
    "value-nested": (Odd("odd", {"http": {"method": "GET"}}), Stored(metadata={"http_method": "GET"})),
    "value-nested-with-1000-leaves": (
        Odd("odd", {"a": THOUSAND, "b": "kept"}),
        Stored(repaired={"attributes_flattened"}, metadata={"b": "kept"}),
    ),
    "value-nested-with-a-long-key-1000-times": (
        Odd("odd", {"p" * 1000: THOUSAND}),
        Stored(repaired={"attributes_flattened", "attributes_truncated"}),
    ),
    "value-nested-with-nan-and-1000-leaves": (
        Odd("odd", {"a": {**THOUSAND, "x": float("nan")}}),
        Stored(repaired={"attributes_flattened", "attributes_truncated"}),
    ),
    "value-nested-30-deep": (Odd("odd", {"a": nested(30)}), Stored()),
    "value-bytes": (Odd("odd", {"raw": b"\x00\xff odd"}), Stored(metadata={"raw": "AP8gb2Rk"})),
    "value-nan": (Odd("odd", {"loss": float("nan")}), Stored(metadata={"loss": "NaN"})),
    "value-that-is-no-utf-8": (Odd("odd", {"k": f"v{NOT_UTF8}"}), Stored()),
    "value-absent": (Odd("odd", {"nothing": None}), Stored()),
}

RESOURCES = {
    "service-name-absent": (Odd("odd", resource={}), Stored(labels={"service_name": "unknown_service"})),
    "service-name-empty": (
        Odd("odd", resource={"service.name": ""}),
        Stored(labels={"service_name": "unknown_service"}),
    ),
    "service-name-of-3-kb": (
        Odd("odd", resource={"service.name": "n" * 3000}),
        Stored(labels={"service_name": "n" * 2048}, metadata={"otel_collector_resource_repaired": "label_truncated"}),
    ),
    "service-name-that-is-no-utf-8": (
        Odd("odd", resource={"service.name": f"n{NOT_UTF8}"}),
        Stored(labels={"service_name": "n???"}, metadata={"otel_collector_resource_repaired": "label_utf8_mended"}),
    ),
    "service-name-with-nul": (
        Odd("odd", resource={"service.name": "odd\0name"}),
        Stored(labels={"service_name": "odd\0name"}),
    ),
    "service-name-a-map": (
        Odd("odd", resource={"service.name": THOUSAND}),
        Stored(metadata={"otel_collector_resource_repaired": "label_truncated"}),
    ),
    "service-name-twice-and-the-second-of-3-kb": (
        Odd("odd", resource=[("service.name", "first"), ("service.name", "n" * 3000)]),
        Stored(labels={"service_name": "n" * 2048}),
    ),
    "namespace-of-3-kb": (
        Odd("odd", resource={"service.namespace": NAMESPACE + "n" * 3000}),
        Stored(labels={"service_namespace": (NAMESPACE + "n" * 3000)[:2048]}),
    ),
    "environment-of-3-kb": (
        Odd("odd", resource={"deployment.environment.name": "n" * 3000}),
        Stored(labels={"deployment_environment_name": "n" * 2048}),
    ),
    "environment-under-its-old-name": (
        Odd("odd", resource={"deployment.environment": "staging"}),
        Stored(labels={"deployment_environment_name": "staging"}),
    ),
    "resource-key-empty": (
        Odd("odd", resource={"": "v"}),
        Stored(metadata={"otel_collector_resource_odd_attributes": '{"":"v"}'}),
    ),
    "resource-attributes-1000": (
        Odd("odd", resource=THOUSAND),
        Stored(metadata={"otel_collector_resource_repaired": "attributes_truncated"}),
    ),
    "resource-value-of-1-mb": (
        Odd("odd", resource={"process.command_line": "x" * 1_000_000}),
        Stored(metadata={"process_command_line": "x" * 256}),
    ),
    "scope-attributes-1000": (
        Odd("odd", scope=THOUSAND),
        Stored(metadata={"otel_collector_scope_repaired": "attributes_truncated"}),
    ),
    "scope-key-cyrillic": (
        Odd("odd", scope={"имя": "v"}),
        Stored(metadata={"otel_collector_scope_odd_attributes": '{"имя":"v"}'}),
    ),
    "scope-name-of-1-mb": (Odd("odd", scope_name="n" * 1_000_000), Stored()),
    "severity-text-of-1-mb": (Odd("odd", severity_text="S" * 1_000_000), Stored(repaired={"severity_text_truncated"})),
    "everything-1000-at-once": (
        Odd("odd" + "x" * 5_000_000, THOUSAND, THOUSAND, THOUSAND, time_ns=1),
        Stored(repaired={"body_truncated", "attributes_truncated", "time_mended"}),
    ),
}


def cases(now_ns: int) -> dict[str, tuple[Odd, Stored]]:
    return {**BODIES, **times(now_ns), **ATTRIBUTES, **RESOURCES}


@dataclass(frozen=True)
class Sent:
    """Where a case is found, and as what."""

    marker: str
    at_ns: int
    expected: Stored


@pytest.fixture(scope="module")
def sent(pipeline: Pipeline) -> dict[str, Sent]:
    """Every case, all sent before the first is looked for; each in one request with three neighbours."""
    now_ns = time.time_ns()
    all_sent = {}
    for name, (odd, expected) in cases(now_ns).items():
        marker = new_marker()
        all_sent[name] = Sent(marker, now_ns, expected)
        ordinary = Odd(f"first of another resource {marker}", resource={"service.name": "shape-neighbour"})
        pipeline.send(
            on_the_wire(
                [
                    odd.found_by(marker).resource_logs([plain(f"same scope {marker}")]),
                    ordinary.found_by(marker).resource_logs([plain(f"second of another resource {marker}")]),
                ]
            )
        )
    return all_sent


@pytest.mark.parametrize("case", cases(now_ns=0))
def test_is_stored_mended_and_marked_beside_its_neighbours(
    case: str, sent: dict[str, Sent], pipeline: Pipeline
) -> None:
    marker, expected = sent[case].marker, sent[case].expected

    lines = pipeline.stored(marker, 4, sent=case, around_ns=sent[case].at_ns)

    assert len({line.body for line in lines if marker in line.body}) == 3
    (line,) = [line for line in lines if marker not in line.body]
    assert line.body.startswith(expected.line)
    assert len(line.body.encode()) <= LONGEST_LINE
    assert repairs(line) == expected.repaired
    assert line.metadata.items() >= expected.metadata.items()
    assert line.labels.items() >= expected.labels.items()


def test_a_record_of_29_days_ago_keeps_its_time(pipeline: Pipeline) -> None:
    marker = new_marker()
    late = Odd("late", resource={"service.name": "shape-late"}, time_ns=time.time_ns() - 29 * DAY_NS).found_by(marker)

    pipeline.send(on_the_wire([late.resource_logs()]))

    (line,) = pipeline.stored(marker, 1, sent=late, around_ns=late.time_ns)
    assert line.timestamp_ns == late.time_ns
    assert not repairs(line)


def test_an_ordinary_record_is_not_touched(pipeline: Pipeline) -> None:
    marker = new_marker()
    attributes: Attributes = {
        "code.function.name": "handle",
        "execution.id": "e-1",
        "http": {"method": "GET"},
        "tags": ["a", "b"],
    }
    ordinary = Odd("ordinary", attributes, {"service.name": "shape-neighbour"}).found_by(marker)

    pipeline.send(on_the_wire([ordinary.resource_logs()]))

    (line,) = pipeline.stored(marker, 1, sent=ordinary)
    expected = {"code_function_name": "handle", "execution_id": "e-1", "http_method": "GET", "tags": '["a","b"]'}
    assert line.metadata.items() >= expected.items()
    assert not [key for key in line.metadata if key.startswith("otel_collector")]


def repairs(line: Line) -> Set[str]:
    """The repairs that the line says were made."""
    named = line.metadata.get("otel_collector_repaired", "")
    return set(named.split(",")) - {""}


def test_resources_without_any_record_cost_their_neighbours_nothing(pipeline: Pipeline) -> None:
    marker = new_marker()
    # More than one batch of the exporter holds.
    empty = [ResourceLogs(resource=Resource(attributes=key_values({"padding": "x" * 500})))] * 4000
    first, last = (
        Odd(body, resource={"service.name": "shape-neighbour"}).found_by(marker) for body in ("first", "last")
    )

    pipeline.send(on_the_wire([first.resource_logs(), *empty, last.resource_logs()]))

    assert {line.body for line in pipeline.stored(marker, 2, sent="4000 empty resources between two")} == {
        "first",
        "last",
    }
