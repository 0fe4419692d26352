"""Speed and memory, measured side by side; `make bench` runs it, docs/reference/benchmarks.md keeps the results."""
