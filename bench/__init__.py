"""Figures, measured on the running stack; ratios come from variants measured in the same run."""
