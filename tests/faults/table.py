"""The table of docs/reliability.md: what a run of the fault suite measured."""

from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.table import Table as RichTable

from stack.paths import ROOT
from tests.faults.form import Form
from tests.faults.ledger import Account

DOCUMENT: Final = ROOT / "docs" / "reliability.md"
BEGIN: Final = "<!-- written by make test SUITE=faults: begin -->"
NONE: Final = "-"
END: Final = "<!-- written by make test SUITE=faults: end -->"
HEADINGS: Final = (
    "Fault",
    "Lines sent",
    "Stored",
    "Lost",
    "Doubled",
    "Spans sent",
    "Spans lost",
    "Seconds to recover",
    "Others heard after",
)


@dataclass
class Table:
    """One row a fault, in the order of the run."""

    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(
        self, fault: str, lines: Account, spans: Account | None, recovered: float, heard_after: float | None = None
    ) -> None:
        """Note what became of a fault's lines (and spans), and after how many seconds everything was as before.

        `heard_after` is how many seconds another sender's line took to be found, at worst, while it lasted.
        """
        of_lines = (f"{lines.sent:,}", f"{lines.stored:,}", f"{len(lines.lost):,}", f"{lines.doubled:,}")
        of_spans = (f"{spans.sent:,}", f"{len(spans.lost):,}") if spans else (NONE, NONE)
        self.rows.append(
            (fault, *of_lines, *of_spans, f"{recovered:.1f}", f"{heard_after:.1f} s" if heard_after else NONE)
        )

    def show(self) -> None:
        """Print the rows."""
        shown = RichTable(*HEADINGS, title="What the faults cost")
        for row in self.rows:
            shown.add_row(*row)
        Console(width=160).print(shown)

    def write(self, form: Form) -> None:
        """Put the rows between the two markers of the document, in place of those of the run before."""
        before, _, rest = DOCUMENT.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        lines = [
            "| " + " | ".join(row) + " |" for row in (HEADINGS, ("---",) + ("---:",) * (len(HEADINGS) - 1), *self.rows)
        ]
        DOCUMENT.write_text("\n".join([before + BEGIN, str(form), "", *lines, END + after]))
