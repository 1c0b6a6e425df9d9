"""Run one application in one process, with a drain period before it stops."""

import asyncio
import signal

import uvicorn
from fastapi import FastAPI

from shared.loop import run
from shared.server import Limits, make_config


def serve(app: FastAPI, *, host: str = "127.0.0.1", port: int, drain_seconds: float | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    Readiness then fails at once. Requests are served for another `drain_seconds` (default: that of the
    settings), and the process stops.
    """
    drain: float = app.state.settings.drain_seconds if drain_seconds is None else drain_seconds
    limits = Limits(connections=app.state.settings.max_connections)
    config = make_config(app, limits, host=host, port=port)
    run(_serve(uvicorn.Server(config), app, drain))


async def _serve(server: uvicorn.Server, app: FastAPI, drain_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    # Own handlers, because uvicorn's raise the signal again after shutdown, which hides the exit status.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    async def drain() -> None:
        await stopping.wait()
        app.state.draining = True
        await asyncio.sleep(drain_seconds)
        server.should_exit = True

    draining = asyncio.create_task(drain())
    await server._serve()  # noqa: SLF001 (`serve` captures the signals)
    draining.cancel()
