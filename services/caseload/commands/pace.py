"""How bulk work goes: as everywhere (`shared.jobs.pacing`)."""

from shared.jobs.pacing import has_room, next_size

__all__ = ["has_room", "next_size"]
