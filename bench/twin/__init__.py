"""Benchmarks of the twin."""
