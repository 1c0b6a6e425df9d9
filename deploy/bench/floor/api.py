"""The bare API: FastAPI, uvicorn and asyncpg alone.

Run it by `python -m deploy.bench.floor.api DSN`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI

READ = "SELECT kpm_id, kode_wilayah, facts, version, registered_at, updated_at FROM kpm WHERE kpm_id = $1"
UPDATE_STATE = "UPDATE bench.case_row SET state = state + 1 WHERE case_id = $1 RETURNING state"
INSERT_HISTORY = "INSERT INTO bench.case_history (case_id, body) VALUES ($1, $2)"
INSERT_READER = "INSERT INTO bench.reader (kpm_id, account) VALUES ($1, $2)"


@asynccontextmanager
async def pooled(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(sys.argv[1], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=pooled)


@app.get("/livez")
async def live() -> dict[str, str]:
    return {"status": "alive"}


@app.get("/kpm/{kpm_id}")
async def read(kpm_id: UUID) -> dict[str, Any]:
    row = await app.state.pool.fetchrow(READ, kpm_id)
    return {**row, "facts": orjson.loads(row["facts"])}


@app.get("/kpm/{kpm_id}/recorded")
async def read_recorded(kpm_id: UUID) -> dict[str, Any]:
    """Answer after a row about the reader is committed."""
    answer = await read(kpm_id)
    await app.state.pool.execute(INSERT_READER, kpm_id, "dinsos-kendal-1")
    return answer


@app.post("/case/{case_id}")
async def move(case_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Do one durable step: update a state, insert a history row, answer after the commit."""
    async with app.state.pool.acquire() as connection, connection.transaction():
        state = await connection.fetchval(UPDATE_STATE, case_id)
        await connection.execute(INSERT_HISTORY, case_id, orjson.dumps(body).decode())
    return {"case_id": case_id, "state": state}


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(os.environ["PILAR_PORT"]), access_log=False, log_level="error"
    )
