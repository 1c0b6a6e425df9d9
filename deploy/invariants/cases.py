"""I6 to I8 of docs/messaging.md#invariants: one case, one rujukan each, equal counts in four services."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from deploy.invariants.databases import Asked


async def case_faults(services: Mapping[str, Asked]) -> list[str]:
    faults = await at_most_one_case(services["graduation"]) + await one_rujukan_each(services)
    return faults + await count_faults(services)


async def at_most_one_case(graduation: Asked) -> list[str]:
    """Check I6: a kepesertaan has at most one open case and one in effect.

    A case in effect needs four people, or three if a service proposed it itself.
    """
    duplicates = await graduation.sql(
        "SELECT kepesertaan_id FROM graduasi GROUP BY 1 HAVING"
        " count(*) FILTER (WHERE state NOT IN ('SELESAI', 'DITOLAK', 'DIBATALKAN', 'DIPULIHKAN')) > 1 OR"
        " count(*) FILTER (WHERE state IN ('EFEKTIF', 'PEMANTAUAN', 'SELESAI')) > 1"
    )
    incomplete = await graduation.sql(
        "SELECT g.graduasi_id FROM graduasi g JOIN policy USING (policy_id) LEFT JOIN stage_act a USING (graduasi_id)"
        " WHERE g.state IN ('EFEKTIF', 'PEMANTAUAN', 'SELESAI') AND policy.four_people GROUP BY 1"
        " HAVING least(count(DISTINCT a.person), count(DISTINCT a.sub), count(DISTINCT a.stage)) <"
        " CASE WHEN g.opened_by LIKE 'system:%' THEN 3 ELSE 4 END"
    )
    repeated = await graduation.sql(
        "SELECT graduasi_id FROM stage_act a WHERE four_people AND EXISTS (SELECT FROM stage_act b WHERE b.four_people"
        " AND b.graduasi_id = a.graduasi_id AND b.stage <> a.stage AND (b.person = a.person OR b.sub = a.sub))"
        " GROUP BY graduasi_id"
    )
    faults = [f"I6: kepesertaan {row[0]} has more than one case" for row in duplicates]
    faults += [f"I6: case {row[0]} is in effect without four people" for row in incomplete]
    return faults + [f"I6: one person acted in two stages of case {row[0]}" for row in repeated]


DETERMINED = """
SELECT g.graduasi_id, g.exit_reason, left(g.kode_wilayah, 5) AS area, p.pendamping_id, date_trunc('month', sk.sk_on)::date
       AS month, g.state, g.state = 'DIPULIHKAN' AS annulled, y.counts, y.opens_rujukan,
       c.certificate_no IS NOT NULL AND g.state <> 'DIPULIHKAN' AS effective,
       g.state IN ('DITETAPKAN', 'MASA_SANGGAH', 'DISANGGAH', 'DITUNDA') AND c.certificate_no IS NULL AS in_term,
       left(coalesce(r.kode_wilayah, g.kode_wilayah), 5) AS credited_in, g.kpm_id, u.unit,
       extract(year FROM CASE u.year_of WHEN 'SK_ON' THEN sk.sk_on ELSE sk.announced_on END) AS year
FROM graduasi g JOIN penetapan p USING (graduasi_id) JOIN sk USING (sk_id) JOIN policy y ON y.policy_id = g.policy_id
JOIN credit_rule u ON u.version = y.credit_rule_version
LEFT JOIN certificate c ON c.graduasi_id = g.graduasi_id LEFT JOIN credit r ON r.graduasi_id = g.graduasi_id
ORDER BY sk.sk_on, sk.sk_id, g.graduasi_id
"""


def first_of_each_family(rows: Sequence[Any]) -> list[Any]:
    """Return the penetapan that count, by their credit rule.

    They are the first of each family and year, or each penetapan.
    """
    counted: list[Any] = []
    families: set[tuple[Any, Any]] = set()
    for row in rows:
        if row["unit"] == "PENETAPAN" or (row["kpm_id"], row["year"]) not in families:
            counted.append(row)
        families.add((row["kpm_id"], row["year"]))
    return counted


async def one_rujukan_each(services: Mapping[str, Asked]) -> list[str]:
    """Check I7: each penetapan that opens a rujukan has exactly one, and no other exists.

    An annulled penetapan's rujukan is DICABUT.
    """
    cases = {row["graduasi_id"]: row for row in await services["graduation"].sql(DETERMINED)}
    rows = await services["referral"].sql(
        "SELECT graduasi_id, state FROM rujukan WHERE purpose = 'PASCAGRADUASI'"
    )
    opened = Counter(row["graduasi_id"] for row in rows)
    expected = {case for case, row in cases.items() if row["opens_rujukan"]}
    faults = [f"I7: case {case} has {opened[case]} rujukan" for case in expected if opened[case] != 1]
    faults += [f"I7: a rujukan of case {case}, which opens none" for case in opened.keys() - expected]
    for row in rows:
        case = cases.get(row["graduasi_id"])
        if case is not None and case["annulled"] != (row["state"] == "DICABUT"):
            faults.append(f"I7: case {row['graduasi_id']} is {case['state']}, its rujukan {row['state']}")
    return faults


async def count_faults(services: Mapping[str, Asked]) -> list[str]:
    """Check I8: the four services count the same graduations.

    The counts are per exit reason, pendamping, kabupaten and month.
    """
    rows = await services["graduation"].sql(DETERMINED)
    group = {row["graduasi_id"]: tuple(row)[1:5] for row in rows}
    # A family that moved is counted where it lived on the SK's date (docs/case-lifecycle.md#credit).
    credited = {
        row["graduasi_id"]: (row["exit_reason"], row["credited_in"], *tuple(row)[3:5]) for row in rows
    }
    not_annulled = [row for row in rows if not row["annulled"]]
    counted = first_of_each_family([row for row in not_annulled if row["counts"]])
    effective = Counter(group[row["graduasi_id"]] for row in not_annulled if row["effective"])
    in_term = Counter(group[row["graduasi_id"]] for row in not_annulled if row["in_term"])
    sums = {
        "effective and in term (graduation)": (
            Counter(group[row["graduasi_id"]] for row in not_annulled),
            effective + in_term,
        ),
        "memberships ended (caseload)": (effective, await count_by_group(services["caseload"], ENDED, group)),
        "net credits (registry)": (
            Counter(credited[row["graduasi_id"]] for row in counted),
            await count_by_group(services["registry"], NET, credited),
        ),
        "rujukan not withdrawn (referral)": (
            Counter(group[row["graduasi_id"]] for row in not_annulled if row["opens_rujukan"]),
            await count_by_group(services["referral"], NOT_WITHDRAWN, group),
        ),
    }
    return [
        fault for where, (expected, actual) in sums.items() for fault in differences(where, expected, actual)
    ]


def differences(where: str, expected: Counter[Any], actual: Counter[Any]) -> list[str]:
    return [
        f"I8: {where} of {at}: {actual[at]}, graduation has {expected[at]}"
        for at in expected.keys() | actual.keys()
        if expected[at] != actual[at]
    ]


ENDED = "SELECT graduasi_id, exit_reason FROM kepesertaan WHERE graduasi_id IS NOT NULL AND exit_reason IS NOT NULL"
NET = (
    "SELECT graduasi_id, exit_reason, pendamping_id, left(kode_wilayah, 5) AS area FROM replica_credit.credit"
    " WHERE NOT reversed"
)
NOT_WITHDRAWN = (
    "SELECT graduasi_id, exit_reason, left(kode_wilayah, 5) AS area, date_trunc('month', sk_on)::date AS month"
    " FROM rujukan WHERE state <> 'DICABUT' AND purpose = 'PASCAGRADUASI'"
)
UNKNOWN = (None, None, None, None)


async def count_by_group(
    service: Asked, statement: str, group: Mapping[Any, tuple[Any, ...]]
) -> Counter[tuple[Any, ...]]:
    """Count a service's rows by group.

    A column that the service does not have is taken from graduation's case.
    """
    columns = ("exit_reason", "area", "pendamping_id", "month")
    return Counter(
        tuple(
            row[column] if column in row.keys() else value  # noqa: SIM118 (a record iterates over values)
            for column, value in zip(columns, group.get(row["graduasi_id"], UNKNOWN), strict=True)
        )
        for row in await service.sql(statement)
    )
