"""The application of one service: routers, health, documentation and published contract."""

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
from shared.audit.chain import keys_of
from shared.audit.queries import select_areas
from shared.audit.writer import AuditWriter
from shared.database import Database
from shared.database.models import metadata_of
from shared.errors import DomainError
from shared.faults import refuse_in_production
from shared.http import openapi, operations
from shared.http.body import Uploads
from shared.http.middleware import RequestMiddleware
from shared.http.problems import problem
from shared.http.route import Router
from shared.privacy import Vault
from shared.settings import LOCAL_ORIGIN, Settings

ROOT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_SECONDS = 0.5


def create_app(settings: Settings, routers: Sequence[Router], *, title: str, description: str) -> FastAPI:
    """Build the API application of one service.

    Raises:
        RuntimeError: a fault point is set in production.
    """
    refuse_in_production(settings.production)
    logs.configure(settings)
    # FastAPIOffline always adds the documentation pages.
    factory = FastAPIOffline if settings.docs else partial(FastAPI, docs_url=None, openapi_url=None)
    app = factory(
        title=title,
        description=description,
        version="1.0.0",
        lifespan=_lifespan,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={
            HTTPException: _answer_problem,
            RequestValidationError: _answer_problem,
            DomainError: _answer_problem,
        },
    )
    app.state.settings, app.state.draining = settings, False
    app.state.known_revisions = revisions_of(settings.service)
    app.state.areas = select_areas(metadata_of(settings.service))
    # Fast path: an included router is searched twice for each request, first for a match and then for the route.
    for router in [*routers, *operations.routers(settings)]:
        app.router.routes.extend(router.routes)
    _add_health_routes(app)
    app.openapi = lambda: openapi.build_document(app)
    app.add_middleware(RequestMiddleware, settings=settings)
    if settings.cors_origins or not settings.production:
        _add_cors(app, settings)
    telemetry.instrument(app, settings)
    return app


def _add_cors(app: FastAPI, settings: Settings) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_origin_regex=None if settings.production else LOCAL_ORIGIN,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Accept-Language"),
            *("If-None-Match", "Range", "If-Range", "X-Purpose", "X-HTTP-Method-Override"),
            *("Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata"),
        ],
        expose_headers=[
            *("ETag", "Location", "Retry-After", "X-Request-Id", "Idempotency-Replayed"),
            *("Accept-Ranges", "Content-Disposition", "Content-Range", "Content-Location", "Tus-Resumable"),
            *(
                "Tus-Version",
                "Tus-Extension",
                "Tus-Max-Size",
                "Upload-Offset",
                "Upload-Length",
                "Upload-Metadata",
                "Upload-Expires",
            ),
        ],
    )


async def _answer_problem(request: Request, error: Exception) -> Response:
    answer = problem(request, error)
    if answer.status_code == 405:
        # Starlette names only the methods of the first route of an address.
        matching = [r for r in openapi.routes_of(request.app) if r.path_regex.match(request.url.path)]
        answer.headers["Allow"] = ", ".join(sorted({method for r in matching for method in r.methods or ()}))
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
    app.state.audit = AuditWriter(settings.database_url, keys_of(vault), settings.service)
    app.state.cursor_key, app.state.uploads = vault.cursor_key, Uploads(settings.max_uploads)
    await database.check_version()
    metrics = telemetry.serve(settings.metrics_port, settings.metrics_host, database)
    try:
        async with metrics if settings.metrics_port else nullcontext():
            yield
    finally:
        app.state.draining = True
        await app.state.verifier.aclose()
        await app.state.audit.close()
        await database.close()


def revisions_of(service: str) -> tuple[frozenset[str], str]:
    """Return the migration revisions of this code, and the newest one.

    Read with a regular expression, so that Alembic need not be loaded.
    """
    folder = ROOT / "services" / service / "migrations" / "versions"
    sources = [path.read_text("utf-8") for path in sorted(folder.glob("*.py"))]
    matches = [re.search(r'^revision(?:: str)? = "(\w+)"', source, re.MULTILINE) for source in sources]
    previous = [
        re.search(r'^down_revision(?:: [^=]+)? = "(\w+)"', source, re.MULTILINE) for source in sources
    ]
    known = [match.group(1) for match in matches if match]
    replaced = {match.group(1) for match in previous if match}
    return frozenset(known), next((name for name in known if name not in replaced), "")


def _add_health_routes(app: FastAPI) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        fault = "draining" if app.state.draining else await _database_fault(app)
        return JSONResponse({"status": fault or "ready"}, 503 if fault else 200)


async def _database_fault(app: FastAPI) -> str:
    """Return why the database is not ready, or an empty text.

    Kafka does not count: commands are accepted while it is down.
    """
    known, head = app.state.known_revisions
    try:
        async with asyncio.timeout(READY_TIMEOUT_SECONDS), app.state.database.engine.connect() as connection:
            current = (
                (await connection.execute(text("SELECT version_num FROM platform.alembic_version")))
                .scalars()
                .all()
            )
    except Exception:  # noqa: BLE001 (after any error the service is not ready)
        return "database unavailable"
    stale = bool(current) and current[0] in known and current[0] != head
    return "database not migrated" if stale or not current else ""
