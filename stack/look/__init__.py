"""What is stored, shown in a terminal: new lines, and a trace with its lines."""
