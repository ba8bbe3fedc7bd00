"""What every process needs before it does its own work: settings, logs, traces, metrics."""

import os

# gRPC's core writes plain text to stderr when a Collector goes away; what matters of it is logged by the exporters.
# It reads the variable when it is imported, which only modules of this package do.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
