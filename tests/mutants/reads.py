"""Mistakes in transactions that only read, and in what they check once."""

import re

from tests.mutants.mutant import Mutant

SECURITY = "services/caseload/migrations/security.sql"
READ_TRANSACTIONS = ("tests/platform/test_read_transactions.py",)
OWN_FAMILIES = ("tests/caseload/test_own_families.py",)

READS = (
    Mutant(
        "read-only",
        "a read may write, which its late end rolls back",
        (("shared/database/driver.py", "BEGIN READ ONLY", "BEGIN"),),
        READ_TRANSACTIONS,
    ),
    Mutant(
        "read-that-ends-late",
        "the transaction of a read ends a second later",
        (
            (
                "shared/database/store.py",
                "ending = asyncio.create_task(_end(opening))",
                "ending = asyncio.create_task(asyncio.sleep(1)); ending.add_done_callback(lambda _: asyncio.ensure_future(_end(opening)))",
            ),
        ),
        READ_TRANSACTIONS,
    ),
    Mutant(
        "get-that-writes",
        "a GET that writes is taken for a read",
        (("shared/http/route.py", " and not self.declared.writes", ""),),
        ("tests/referral/publication/test_inbox.py",),
        "inbox",
    ),
    Mutant(
        "family-checked-once-in-a-command",
        "a command does not check a family again",
        ((SECURITY, re.compile(r"\s+AND current_setting\('transaction_read_only'\) = 'on'"), ""),),
        OWN_FAMILIES,
    ),
    Mutant(
        "family-checked-for-all",
        "a family that was checked for one pendamping is shown to another",
        ((SECURITY, re.compile(r"current_setting\('pilar.pendamping', true\) \|\| '/' \|\| "), "'/' ||"),),
        OWN_FAMILIES,
    ),
    Mutant(
        "family-checked-for-each-row",
        "a read checks the family of each row",
        ((SECURITY, "checked := set_config('pilar.own_family', checked, true)", "NULL"),),
        OWN_FAMILIES,
    ),
    Mutant(
        "own-dampingan-checks-its-family",
        "a read of own dampingan checks each family again",
        ((SECURITY, "noted := set_config", "noted := concat"),),
        OWN_FAMILIES,
    ),
    Mutant(
        "dampingan-of-another-shows-its-family",
        "a dampingan of another pendamping shows its family",
        ((SECURITY, "IF accompanied_by = platform.pendamping() AND valid", "IF valid"),),
        OWN_FAMILIES,
    ),
    Mutant(
        "ended-dampingan-shows-its-family",
        "a dampingan that ended shows its family",
        (
            (
                SECURITY,
                "= platform.pendamping() AND valid @> platform.today()\n        AND",
                "= platform.pendamping() AND",
            ),
        ),
        OWN_FAMILIES,
    ),
)
