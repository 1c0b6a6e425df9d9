"""domain.md 10, scenario 1, over HTTP: the year of a pendamping with 462 families, fourteen cases and a hand-over."""

from deploy.local.demo.year.year import Year

__all__ = ["Year"]
