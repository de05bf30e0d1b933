"""Benchmarks of whole commands and of their parts; not tests. See README.md here."""
