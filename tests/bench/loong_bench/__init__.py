"""The benchmarks of the whole program; tests/bench/README.md says what is measured, and how."""
