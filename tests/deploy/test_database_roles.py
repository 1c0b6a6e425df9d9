"""deploy/postgres/service.sql: a database and three roles for each service."""

from collections.abc import Iterator

import pytest

from deploy.postgres.databases import create_service_database, query
from deploy.postgres.embedded import EmbeddedPostgres
from deploy.services import SERVICES

ROLES = ("owner", "api", "worker")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("roles"), durable=False)
    server.start()
    for service in SERVICES:
        create_service_database(server.superuser_dsn, service, server.passwords(service))
    yield server
    server.wipe()


def dsn(server: EmbeddedPostgres, database: str, service: str, role: str) -> str:
    return server.dsn(database, f"{service}_{role}", server.passwords(service)[role])  # type: ignore[literal-required]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", ROLES)
def test_role_can_connect_to_its_own_database_only(server: EmbeddedPostgres, service: str, role: str) -> None:
    assert query(dsn(server, f"pilar_{service}", service, role), "SELECT current_user") == f"{service}_{role}"
    others = [f"pilar_{other}" for other in SERVICES if other != service]
    for database in (*others, "postgres", "template1"):
        with pytest.raises(RuntimeError, match="permission denied for database"):
            query(dsn(server, database, service, role), "SELECT 1")


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (n int)", "CREATE SCHEMA s", "CREATE TEMP TABLE t (n int)"]
)
def test_api_and_worker_cannot_create_tables(server: EmbeddedPostgres, role: str, statement: str) -> None:
    with pytest.raises(RuntimeError, match="permission denied"):
        query(dsn(server, "pilar_caseload", "caseload", role), statement)


def test_only_the_worker_bypasses_row_security(server: EmbeddedPostgres) -> None:
    statement = (
        "SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolbypassrls AND NOT rolsuper"
    )
    assert (
        query(server.superuser_dsn, statement)
        == "caseload_worker,graduation_worker,referral_worker,registry_worker"
    )


def test_owner_can_create_tables_and_use_the_extensions(server: EmbeddedPostgres) -> None:
    owner = dsn(server, "pilar_referral", "referral", "owner")
    query(owner, "CREATE TABLE made (during tstzrange, n int, EXCLUDE USING gist (n WITH =, during WITH &&))")
    assert query(owner, "SELECT similarity('abc', 'abc')") == "1"


def test_second_creation_changes_the_password_and_keeps_the_data(server: EmbeddedPostgres) -> None:
    owner = dsn(server, "pilar_registry", "registry", "owner")
    query(owner, "CREATE TABLE kept AS SELECT 7 AS seven")
    changed = server.passwords("registry") | {"api": "an'other\"one"}
    create_service_database(server.superuser_dsn, "registry", changed)
    assert query(owner, "SELECT seven FROM kept") == "7"
    assert query(server.dsn("pilar_registry", "registry_api", "an'other\"one"), "SELECT 1") == "1"
    create_service_database(server.superuser_dsn, "registry", server.passwords("registry"))
