"""Mistakes in referral: one rujukan, places, consent, and who accompanies a family."""

from tests.mutants.mutant import Mutant

TABLES = "services/referral/migrations/0001_tables.sql"
SECURITY = "services/referral/migrations/security.sql"
VISIBILITY = "services/referral/visibility.py"
INBOX = "services/referral/worklist/queries.py"
LOOK_THEN_INSERT = """    looked = sa.select(Rujukan.rujukan_id).where(Rujukan.graduasi_id == event.graduasi_id)
    if await session.scalar(looked) is None and await write_once("""

REFERRAL = (
    Mutant(
        "one-rujukan-per-graduation",
        "a rujukan is looked for and then inserted, without a unique constraint",
        (
            (
                TABLES,
                "    CONSTRAINT uq_rujukan_graduasi_id_purpose UNIQUE (graduasi_id, purpose),\n",
                "",
            ),
            (
                "services/referral/offer/commands/new_rujukan.py",
                "    if await write_once(",
                LOOK_THEN_INSERT,
            ),
        ),
        ("tests/referral/offer/test_rujukan_per_graduation.py",),
        "at_once or repeated_event or second_rujukan",
    ),
    Mutant(
        "place-released-once",
        "a released place may be changed and released again",
        (
            (
                SECURITY,
                "    ELSIF OLD.released_on IS NOT NULL OR NEW.released_on IS NULL OR NEW.quota_id <> OLD.quota_id THEN\n"
                "        RAISE EXCEPTION 'a place is released once, and is never changed' USING ERRCODE = 'check_violation';\n",
                "",
            ),
        ),
        ("tests/referral/place/test_places.py",),
        "another_release",
    ),
)
