"""What is measured: the configurations, how they are started, and what their containers use."""
