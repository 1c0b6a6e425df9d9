"""Random files of families: blanks, HAPUS, missing members, other values, and old days."""

import random
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from deploy.demo.families import as_csv
from deploy.demo.people import DINSOS
from tests.factories.random_year.office import Family, Office

BLANKED = ("address", "phone", "komponen", "desil", "usaha_sector", "usaha_started_on", "usaha_omzet_rp")
REMOVED = ("address", "phone", "komponen", "usaha_nib")
TURNOVERS = range(1_000_000, 9_000_000, 100_000)


async def upload_families(office: Office, chance: random.Random, family: Family) -> None:
    """Upload some families of the first file, changed, also with earlier days.

    Some uploads are dry runs. The job runs while the other acts go on.
    """
    del family
    families = [list(rows) for _, rows in groupby(office.people, key=itemgetter("no_kk"))]
    rows = [row for chosen in chance.sample(families, 4) for row in change_rows(chance, chosen)]
    sha256 = await office.upload_file("caseload", as_csv(rows), DINSOS)
    if sha256 is None:
        return
    as_of = office.today - timedelta(days=chance.choice((0, 0, 0, chance.randrange(200))))
    body: dict[str, Any] = {"sha256": sha256, "as_of": str(as_of), "dry_run": chance.random() < 0.2}
    started = await office.send_command("intake", "caseload", "/v1/intake", body, DINSOS)
    if started and chance.random() < 0.3:
        for notes in ("errors", "warnings", "changes"):
            await office.read_items("caseload", f"{started['job']}/{notes}")


def change_rows(chance: random.Random, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return a family's rows with random changes. The pengurus' row stays."""
    changed = [dict(row) for row in rows if row.get("pengurus") == "YA" or chance.random() < 0.9]
    for row in changed:
        for name in chance.sample(BLANKED, chance.randrange(3)):
            row[name] = ""
        if chance.random() < 0.15:
            row[chance.choice(REMOVED)] = "HAPUS"
        if row.get("usaha_omzet_rp"):
            row["usaha_omzet_rp"] = str(chance.choice(TURNOVERS))
    return changed
