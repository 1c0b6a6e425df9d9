"""Mistakes in referral: one rujukan, places, consent, and who accompanies a family."""

import re

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
                (
                    "CREATE UNIQUE INDEX uq_rujukan_graduasi_id_purpose ON rujukan (graduasi_id, purpose) WHERE"
                    " purpose <> 'KAMBUH' OR state <> 'DICABUT';\n"
                ),
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
                re.compile(r"    ELSIF OLD\.released_on IS NOT NULL .*?;\n", re.DOTALL),
                "",
            ),
        ),
        ("tests/referral/place/test_places.py",),
        "another_release",
    ),
    Mutant(
        "accompanied-today",
        "a family is one's own also after the dampingan has ended",
        (
            (
                SECURITY,
                "\n        AND (d.valid_to IS NULL OR d.valid_to > platform.today())",
                "",
            ),
            (
                VISIBILITY,
                "in_force = valid_on(Dampingan.valid_from, Dampingan.valid_to, today)",
                "in_force = Dampingan.valid_from <= today",
            ),
        ),
        ("tests/referral/test_pendamping_visibility.py",),
        "visible_only_to_its_pendamping",
    ),
    Mutant(
        "accompanied-on-the-day-of-the-act",
        "an act is accepted for a day after the dampingan had ended",
        (
            (
                VISIBILITY,
                ".where(valid_on(Dampingan.valid_from, Dampingan.valid_to, ACTED_ON))",
                ".where(Dampingan.valid_from <= ACTED_ON)",
            ),
        ),
        ("tests/referral/test_pendamping_permissions.py",),
        "without_dampingan",
    ),
    Mutant(
        "consent-checked-at-sending",
        "a rujukan is sent without a second look at its consent",
        (
            (
                "services/referral/partner_call/commands.py",
                "consent is None or not consent.in_force or",
                "consent is None or",
            ),
        ),
        ("tests/referral/consent/test_consent_in_force.py",),
        "sending",
    ),
    Mutant(
        "consent-checked-in-the-inbox",
        "the inbox shows a notice although its consent has ended",
        (
            (
                INBOX,
                "        Consent.withdrawn_on.is_(None),\n        Consent.lapsed_on.is_(None),\n",
                "",
            ),
            (SECURITY, "c.withdrawn_on IS NULL AND c.lapsed_on IS NULL AND ", ""),
        ),
        ("tests/referral/consent/test_consent_in_force.py",),
        "inbox",
    ),
    Mutant(
        "consent-checked-by-the-database",
        "the database opens an identity to the partner although its consent has ended",
        ((SECURITY, "c.withdrawn_on IS NULL AND c.lapsed_on IS NULL AND ", ""),),
        ("tests/referral/consent/test_consent_in_force.py",),
        "database",
    ),
)
