"""`python -m stack …`: the commands behind the Makefile."""

from stack.cli import app

app()
