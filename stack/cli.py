"""The operator's command line, `python -m stack`: the commands of every room, behind the targets of the Makefile."""

import typer

from stack import demo
from stack.audit import commands as audit
from stack.backup import commands as backup
from stack.build import commands as build
from stack.doctor import commands as doctor
from stack.look import commands as look
from stack.up import commands as up

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The operator's tools of the log aggregation stack.")
for room in (up, demo, look, doctor, audit, backup, build):
    app.add_typer(room.app)
