"""What is shown in a terminal: new lines, a trace, what is wrong."""
