"""The cost of a log call as a picture: `python -m bench.guard.logging_cost --plot docs/images/logging-cost.png`."""

from pathlib import Path

from matplotlib.figure import Figure

_OURS, _OTHERS = "#1f77b4", "#b0b0b0"


def plot(microseconds: dict[str, float], file: Path) -> None:
    """Draw one bar a variant, cheapest on top; `microseconds` is the calling thread's CPU for one call."""
    names = sorted(microseconds, key=lambda name: -microseconds[name])
    values = [microseconds[name] for name in names]
    figure = Figure(figsize=(8, 0.45 * len(names) + 1.1), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(names, values, color=[_OURS if name.startswith("ours") else _OTHERS for name in names])
    axes.bar_label(bars, fmt="%.1f", padding=4)
    axes.set_xlabel("µs of the calling thread's CPU for logger.info with five fields")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.savefig(file, dpi=110)
