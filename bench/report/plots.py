"""The pictures of docs/benchmarks.md."""

from matplotlib.figure import Figure

from bench.report.goals import OURS
from bench.report.results import Results
from stack.paths import ROOT

FOLDER = ROOT / "docs" / "images"
COLOURS = {
    OURS: "#1f77b4",
    "Loki alone": "#2ca02c",
    "specification": "#b0b0b0",
    "otel-lgtm": "#d9c27a",
    "sink": "#e8e8e8",
}
# Scenario → figure that is drawn, and whether its axis is logarithmic.
BARS = {
    "latency": ("p99 s", True),
    "burst": ("accepted lines/s", False),
    "capacity": ("lines/s", True),
    "footprint": ("memory in all MiB", False),
}


def draw(results: Results) -> dict[str, str]:
    """Draw what was measured; scenario → picture, as a link from docs/."""
    pictures = {}
    for scenario, (figure, logarithmic) in BARS.items():
        if scenario in results.scenarios:
            pictures[scenario] = _save(_bars(results, scenario, figure, logarithmic=logarithmic), scenario)
    if "queries" in results.scenarios:
        pictures["queries"] = _save(_growth(results), "queries")
    return pictures


def _bars(results: Results, scenario: str, figure: str, *, logarithmic: bool) -> Figure:
    cases, systems = list(results.scenarios[scenario]), results.systems(scenario)
    drawing = Figure(figsize=(8, 3.6), layout="constrained")
    axes = drawing.subplots()
    width = 0.8 / len(systems)
    for index, system in enumerate(systems):
        found = {
            place + index * width: summary
            for place, case in enumerate(cases)
            if (summary := results.summary(scenario, case, system, figure))
        }
        medians = [summary.median for summary in found.values()]
        spread = [
            [summary.median - summary.least for summary in found.values()],
            [summary.most - summary.median for summary in found.values()],
        ]
        axes.bar(list(found), medians, width, yerr=spread, label=system, color=COLOURS[system], ecolor="#555555")
    axes.set_xticks([place + 0.4 - width / 2 for place in range(len(cases))], cases)
    axes.set_ylabel(figure)
    if logarithmic:
        axes.set_yscale("log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return drawing


def _growth(results: Results) -> Figure:
    """Seconds of each query over everything, against what is stored; dashed: growing as the data does."""
    drawing = Figure(figsize=(8, 4), layout="constrained")
    axes = drawing.subplots()
    curves: dict[str, dict[float, float]] = {}
    for case in results.scenarios["queries"]:
        stored, _, question = case.partition(" M lines: ")
        summary = results.summary("queries", case, OURS, "p50 s")
        if question.endswith(", all") and summary:
            curves.setdefault(question.removesuffix(", all"), {})[float(stored)] = summary.median
    for question, curve in curves.items():
        axes.plot(list(curve), list(curve.values()), marker="o", label=question)
    sizes = [1.0, 10.0]
    axes.plot(sizes, sizes, linestyle="--", color="#999999", label="1 s a million lines")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("million lines stored")
    axes.set_ylabel("seconds, median")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return drawing


def _save(drawing: Figure, name: str) -> str:
    file = FOLDER / f"benchmarks-{name}.png"
    drawing.savefig(file, dpi=110)
    return f"images/{file.name}"
