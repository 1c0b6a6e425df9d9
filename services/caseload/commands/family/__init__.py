"""A family over time: who belongs to it, what entitles it, how it ranks, what it earns, where it lives."""
