"""Registry over HTTP."""

from services.registry.routes import conflicts, coverage, kinds, pendamping, placement, scorecard

ROUTERS = [
    pendamping.router,
    placement.penugasan,
    placement.wilayah,
    kinds.router,
    conflicts.router,
    scorecard.target,
    scorecard.router,
    coverage.router,
]
