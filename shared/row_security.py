"""Row security of a service's tables, applied by its migrations."""

from collections.abc import Callable, Sequence


def area_security(
    execute: Callable[[str], object],
    table: str,
    column: str = "kode_wilayah",
    *,
    own: str = "false",
    also: str = "",
) -> None:
    """Limit the api role to rows in the areas of its scope.

    Without a scope it sees no rows. `own` is an SQL condition that admits a row in an OWN_FAMILIES scope,
    `also` one that admits it in every scope. The worker role bypasses row security.
    """
    # CASE, because `own` may read tables whose policies call this condition again.
    within = f"CASE WHEN platform.by_area() THEN platform.in_scope({column}) ELSE {own} END"
    within += f" OR ({also})" if also else ""
    row_security(execute, table, "area", within)


def replica_security(execute: Callable[[str], object], tables: Sequence[str]) -> None:
    """Limit the api role to the families of its scope in the replica of caseload.

    A scope also sees the families of the cases that it sees. The service has the functions `shows_case` for these,
    and `shows_family`. The rows of `tables` follow their family.
    """
    # Conditions and no functions, because a list evaluates them for each row. Only dampingan calls a function: the
    # policy of kpm reads it.
    accompanied = (
        "EXISTS (SELECT FROM replica_kpm.dampingan d WHERE d.kpm_id = kpm.kpm_id"
        " AND d.pendamping_id = platform.pendamping() AND d.valid_from <= platform.today()"
        " AND (d.valid_to IS NULL OR d.valid_to > platform.today()) OFFSET 0)"
    )
    area_security(execute, "replica_kpm.kpm", own=accompanied, also="shows_case(kpm_id)")
    shown = "pendamping_id = platform.pendamping() OR shows_family(kpm_id)"
    row_security(execute, "replica_kpm.dampingan", "family", shown)
    for table in tables:
        # OFFSET 0 forces a look-up per row. Else PostgreSQL may hash the families of the whole country.
        family = f"EXISTS (SELECT FROM replica_kpm.kpm k WHERE k.kpm_id = {table}.kpm_id OFFSET 0)"
        row_security(execute, f"replica_kpm.{table}", "family", family)


def row_security(execute: Callable[[str], object], table: str, policy: str, condition: str) -> None:
    """Limit the api role to rows that satisfy the condition.

    The worker role bypasses row security.
    """
    execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    execute(f"CREATE POLICY {policy} ON {table} USING ({condition}) WITH CHECK ({condition})")
