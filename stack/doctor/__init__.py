"""What is wrong with the stack, and what to do about it: one module for each kind of thing that is looked at."""
