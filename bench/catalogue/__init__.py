"""Benchmarks of the catalogue and its doors."""
