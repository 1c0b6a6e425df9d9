"""Registry over HTTP."""

from services.registry.routes import pendamping, placement, scorecard

ROUTERS = [pendamping.router, placement.penugasan, placement.wilayah, scorecard.target, scorecard.router]
