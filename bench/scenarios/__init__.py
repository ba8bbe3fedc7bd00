"""What is done to a running system; bench/catalogue.py says to which, and how much of it."""
