"""What a statement reads, by its plan."""

import json
from typing import Any


def count_most_rows(node: dict[str, Any]) -> float:
    """Return the largest number of rows that one node of a plan returned or filtered."""
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return max([rows * node["Actual Loops"], *map(count_most_rows, node.get("Plans", ()))])


async def count_rows_touched(connection: Any, statement: str, *values: Any) -> float:
    (plan,) = json.loads(await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values))
    return count_most_rows(plan["Plan"])
