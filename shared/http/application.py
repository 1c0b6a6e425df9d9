"""One service's application: its routers, health, documentation and published contract."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared import logs, telemetry
from shared.access import TokenVerifier
from shared.database import Database
from shared.database.models import load_models
from shared.errors import DomainError
from shared.faults import refuse_in_production
from shared.http import contract, operations
from shared.http.body import Uploads
from shared.http.problems import problem
from shared.http.route import Router
from shared.http.wire import Wire
from shared.privacy import Vault
from shared.settings import LOCAL_ORIGIN, Settings

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 0.5


def create_app(settings: Settings, routers: Sequence[Router], *, title: str, description: str) -> FastAPI:
    """Build the API process of one service.

    Raises:
        RuntimeError: a fault point is set in production.
    """
    refuse_in_production(settings.production)
    load_models(settings.service)
    logs.configure(settings)
    # FastAPIOffline cannot be made without pages.
    make = FastAPIOffline if settings.docs else partial(FastAPI, docs_url=None, openapi_url=None)
    app = make(
        title=title,
        description=description,
        version="1.0.0",
        lifespan=_lifespan,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={HTTPException: _refuse, RequestValidationError: _refuse, DomainError: _refuse},
    )
    app.state.settings, app.state.draining = settings, False
    app.state.known_revisions = revisions_of(settings.service)
    # Each router's routes stand side by side: an included one is searched twice, for whether and for which.
    for router in [*routers, *operations.routers(settings)]:
        app.router.routes.extend(router.routes)
    _health(app)
    app.openapi = lambda: contract.published(app)
    app.add_middleware(Wire, settings=settings)
    if settings.cors_origins or not settings.production:
        _let_browsers_in(app, settings)
    telemetry.instrument(app, settings)
    return app


def _let_browsers_in(app: FastAPI, settings: Settings) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_origin_regex=None if settings.production else LOCAL_ORIGIN,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Accept-Language"],
        expose_headers=["ETag", "Location", "Retry-After", "X-Request-Id", "Idempotency-Replayed"],
    )


async def _refuse(request: Request, error: Exception) -> Response:
    answer = problem(request, error)
    if answer.status_code == 405:
        # The router names only the methods of the first route of an address.
        taken = [r for r in contract.routes_of(request.app) if r.path_regex.match(request.url.path)]
        answer.headers["Allow"] = ", ".join(sorted({method for r in taken for method in r.methods or ()}))
    return answer


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    vault = Vault.of(settings)
    database = Database(
        settings.database_url,
        service=settings.service,
        pool_size=settings.pool_size,
        statement_cache_size=settings.statement_cache_size,
        vault=vault,
    )
    app.state.database, app.state.verifier, app.state.vault = database, TokenVerifier(settings), vault
    app.state.cursor_key, app.state.uploads = vault.cursor_key, Uploads(settings.max_uploads)
    await database.check_version()
    metrics = telemetry.serve(settings.metrics_port, settings.metrics_host, database)
    try:
        async with metrics if settings.metrics_port else nullcontext():
            yield
    finally:
        app.state.draining = True
        await app.state.verifier.aclose()
        await database.close()


def revisions_of(service: str) -> tuple[frozenset[str], str]:
    """Return the migration revisions that this code knows, and its head, without loading the migration tool."""
    folder = ROOT / "services" / service / "migrations" / "versions"
    sources = [path.read_text("utf-8") for path in sorted(folder.glob("*.py"))]
    found = [re.search(r'^revision(?:: str)? = "(\w+)"', source, re.MULTILINE) for source in sources]
    older = [re.search(r'^down_revision(?:: [^=]+)? = "(\w+)"', source, re.MULTILINE) for source in sources]
    known = [match.group(1) for match in found if match]
    replaced = {match.group(1) for match in older if match}
    return frozenset(known), next((name for name in known if name not in replaced), "")


def _health(app: FastAPI) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        fault = "draining" if app.state.draining else await _database_fault(app)
        return JSONResponse({"status": fault or "ready"}, 503 if fault else 200)


async def _database_fault(app: FastAPI) -> str:
    """Kafka is no part of readiness: commands are accepted while it is down."""
    known, head = app.state.known_revisions
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS), app.state.database.engine.connect() as connection:
            current = (
                (await connection.execute(text("SELECT version_num FROM platform.alembic_version")))
                .scalars()
                .all()
            )
    except Exception:  # noqa: BLE001 (whatever it is, the answer is the same: not ready)
        return "database unavailable"
    stale = bool(current) and current[0] in known and current[0] != head
    return "database not migrated" if stale or not current else ""
