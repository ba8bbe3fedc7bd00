"""Grafana's part, without Grafana: each rule is asked at its interval, each series of the answer has its own state."""

import time
from collections.abc import Mapping, Sequence

from stack.stores.victoria_metrics import VictoriaMetrics
from stack.waiting import wait_until
from tests.alerts.rules import Rule
from tests.support.eventually import NOT_YET

Series = frozenset[tuple[str, str]]


class Evaluation:
    """The state of rules, as far as they have been evaluated."""

    def __init__(self, rules: Sequence[Rule], victoria_metrics: VictoriaMetrics) -> None:
        self._rules = rules
        self._victoria_metrics = victoria_metrics
        self._breached_since: dict[str, dict[Series, float]] = {rule.uid: {} for rule in rules}
        self._firing: dict[str, list[dict[str, str]]] = {rule.uid: [] for rule in rules}

    def evaluate(self) -> None:
        """Ask for every rule, as at one of their intervals."""
        for rule in self._rules:
            self._evaluate(rule)

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
        firing = wait_until(
            lambda: self.fires(uid, labels), until_firing.__eq__, within_seconds=within, pause_seconds=0.1
        )
        if firing is not until_firing:
            [rule] = [rule for rule in self._rules if rule.uid == uid]
            raise AssertionError(
                f"{uid} {'still fires' if firing else 'does not fire'} for {labels} after {within:g} s; "
                f"{rule.query} {rule.comparison} {rule.threshold:g} has {self._victoria_metrics.query(rule.query)}"
            )

    def _evaluate(self, rule: Rule) -> None:
        now = time.monotonic()
        try:
            answer = self._victoria_metrics.query(rule.query)
        except NOT_YET:
            return  # as with execErrState: KeepLast
        since = self._breached_since[rule.uid]
        breached = {
            frozenset(series["metric"].items()): since.get(frozenset(series["metric"].items()), now)
            for series in answer
            if rule.is_breached_by(float(series["value"][1]))
        }
        self._breached_since[rule.uid] = breached
        self._firing[rule.uid] = [dict(series) for series, begun in breached.items() if now - begun >= rule.held_for]
