"""Running one application in one process: drain first, then stop, and never wait for ever."""

import asyncio
import signal

import uvicorn
from fastapi import FastAPI

from shared.loop import run
from shared.server import Limits, configured


def serve(app: FastAPI, *, host: str = "127.0.0.1", port: int, drain_seconds: float | None = None) -> None:
    """Serve until SIGTERM or SIGINT: readiness fails at once, requests go on for `drain_seconds` (those of the
    settings, unless told), then it stops.
    """
    drain: float = app.state.settings.drain_seconds if drain_seconds is None else drain_seconds
    limits = Limits(connections=app.state.settings.max_connections)
    config = configured(app, limits, host=host, port=port)
    run(_serve(uvicorn.Server(config), app, drain))


async def _serve(server: uvicorn.Server, app: FastAPI, drain_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    leaving = asyncio.Event()
    # Our own handlers, because the server's raise the signal again after shutdown and so hide the exit status.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)

    async def drain() -> None:
        await leaving.wait()
        app.state.draining = True
        await asyncio.sleep(drain_seconds)
        server.should_exit = True

    draining = asyncio.create_task(drain())
    await server._serve()  # noqa: SLF001 (`serve` captures the signals)
    draining.cancel()
