"""`make bench-guard`: ratios that are checked, and what they are measured with."""
