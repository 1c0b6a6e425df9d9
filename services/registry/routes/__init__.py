"""Registry over HTTP."""

from services.registry.routes import kinds, pendamping, placement, scorecard

ROUTERS = [
    pendamping.router,
    placement.penugasan,
    placement.wilayah,
    kinds.router,
    scorecard.target,
    scorecard.router,
]
