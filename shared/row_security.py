"""Row security of a service's tables, applied by its migrations."""

from collections.abc import Callable


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


def row_security(execute: Callable[[str], object], table: str, policy: str, condition: str) -> None:
    """Limit the api role to rows that satisfy the condition.

    The worker role bypasses row security.
    """
    execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    execute(f"CREATE POLICY {policy} ON {table} USING ({condition}) WITH CHECK ({condition})")
