"""Registry over HTTP."""

from services.registry.routes import coverage, kinds, pendamping, placement, scorecard

ROUTERS = [
    pendamping.router,
    placement.penugasan,
    placement.wilayah,
    kinds.router,
    scorecard.target,
    scorecard.router,
    coverage.router,
]
