"""The floors of figures: the same work without Pilar, each in its own process."""
