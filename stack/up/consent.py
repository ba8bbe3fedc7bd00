"""Nothing is installed, started or built on somebody's machine without a word, and nothing against one."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import typer
from rich.markup import escape

from stack.failure import StepError
from stack.settings import InstallPolicy
from stack.terminal import Report, console


@dataclass(frozen=True)
class Need:
    """Something that this machine lacks.

    Attributes:
        what: what would be done about it, as a command to oneself: `install golang-go`.
        takes: how long that takes, in words.
        by_hand: what a person types to do it themselves.

    """

    what: str
    takes: str
    by_hand: str


@dataclass
class Consent:
    """The operator's answer for the whole of one `make up`: asked for once at the most, on a terminal only."""

    policy: InstallPolicy
    report: Report
    on_terminal: bool = field(default_factory=sys.stdin.isatty)
    given: bool = False

    def obtain(self, step: str, needs: Sequence[Need], *, perhaps: Sequence[Need] = ()) -> None:
        """Return when `needs` may be met; `perhaps` are those that may turn out to be needed after them.

        Raises:
            StepError: they may not; says what to type instead.

        """
        if not needs:
            return
        if self.policy is InstallPolicy.NO:
            raise _refused(step, needs, "STACK_INSTALL=no forbids it")
        if self.policy is InstallPolicy.ASK and self.on_terminal and not self.given:
            _show(needs, perhaps)
            if not typer.confirm("Go on?", default=True):
                raise _refused(step, needs, "you said no")
        else:
            for need in needs:
                self.report(f"going to {need.what}, {need.takes} (STACK_INSTALL=no refuses)")
        self.given = True


def _show(needs: Sequence[Need], perhaps: Sequence[Need]) -> None:
    console.print("This machine lacks something. To go on, `make up` would")
    _list(needs)
    if perhaps:
        console.print("and, where images have to be built from source,")
        _list(perhaps)


def _list(needs: Sequence[Need]) -> None:
    for need in needs:
        console.print(f"  - {escape(need.what)} [dim]({escape(need.takes)})[/dim]")


def _refused(step: str, needs: Sequence[Need], by: str) -> StepError:
    commands = " && ".join(need.by_hand for need in needs)
    return StepError(step, f"it takes to {', to '.join(need.what for need in needs)}, and {by}", f"Type: {commands}")
