"""Grafana's part, without Grafana: each rule is asked at its interval, each series of the answer has its own state."""

import threading
import time
from collections.abc import Mapping, Sequence

import requests

from stack.stores.victoria_metrics import VictoriaMetrics
from tests.alerts.rules import Rule

Series = frozenset[tuple[str, str]]


class Evaluation:
    """Evaluates rules in a thread of its own, from `with` until its end."""

    def __init__(self, rules: Sequence[Rule], victoria_metrics: VictoriaMetrics) -> None:
        self._rules = rules
        self._victoria_metrics = victoria_metrics
        self._breached_since: dict[str, dict[Series, float]] = {rule.uid: {} for rule in rules}
        self._firing: dict[str, list[dict[str, str]]] = {rule.uid: [] for rule in rules}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alert-evaluation", daemon=True)

    def __enter__(self) -> "Evaluation":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def firing(self) -> dict[str, list[dict[str, str]]]:
        """The rules that fire now, each with the labels of the series that it fires for."""
        return {uid: series for uid, series in self._firing.items() if series}

    def fires(self, uid: str, labels: Mapping[str, str]) -> bool:
        """Whether the rule fires for a series with these labels."""
        return any(labels.items() <= series.items() for series in self._firing[uid])

    def wait(self, uid: str, labels: Mapping[str, str], *, until_firing: bool, within: float) -> None:
        """Wait until the rule fires for a series with these labels, or fires no more.

        Raises:
            AssertionError: it did not within `within` seconds; says what the rule's query returns.

        """
        deadline = time.monotonic() + within
        while self.fires(uid, labels) is not until_firing:
            if time.monotonic() > deadline:
                [rule] = [rule for rule in self._rules if rule.uid == uid]
                raise AssertionError(
                    f"{uid} {'does not fire' if until_firing else 'still fires'} for {labels} after {within:g} s; "
                    f"{rule.query} {rule.comparison} {rule.threshold:g} has {self._victoria_metrics.query(rule.query)}"
                )
            time.sleep(0.1)

    def _run(self) -> None:
        # All rules have the same interval.
        while not self._ended.wait(self._rules[0].interval):
            for rule in self._rules:
                self._evaluate(rule)

    def _evaluate(self, rule: Rule) -> None:
        now = time.monotonic()
        try:
            answer = self._victoria_metrics.query(rule.query)
        except requests.RequestException:
            return  # as with execErrState: KeepLast
        since = self._breached_since[rule.uid]
        breached = {
            frozenset(series["metric"].items()): since.get(frozenset(series["metric"].items()), now)
            for series in answer
            if rule.is_breached_by(float(series["value"][1]))
        }
        self._breached_since[rule.uid] = breached
        self._firing[rule.uid] = [dict(series) for series, begun in breached.items() if now - begun >= rule.held_for]
