"""Benchmark figures of Pilar, each with a floor measured in the same run."""
