"""Benchmarks of the sensing network, each beside what else there is."""
