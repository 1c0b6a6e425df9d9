"""Mistakes in who decides, on whom, and when: the guards that matter most for families."""

import re

from tests.mutants.mutant import Mutant

GRADUATION_TABLES = "services/graduation/migrations/0001_tables.sql"
GRADUATION_SECURITY = "services/graduation/migrations/security.sql"

DECISIONS = (
    Mutant(
        "one-person-per-stage",
        "one person may act in two stages of a case",
        (
            (
                GRADUATION_TABLES,
                re.compile(r"^    CONSTRAINT ex_stage_act_four_[^\n]*,\n", re.MULTILINE),
                "",
            ),
        ),
        ("tests/graduation/test_distinct_persons_per_stage.py",),
        "verify or approve or sql_of_the_service_role",
    ),
    Mutant(
        "second-person-approves",
        "a requester approves with another account of the same person",
        (
            (
                "shared/approval/commands.py",
                "    if actor.is_same_as(row.requested_by, row.requested_by_sub):\n        raise DecidedByLodger",
                "    if actor.sub == row.requested_by_sub:\n        raise DecidedByLodger",
            ),
        ),
        ("tests/graduation/approval/test_approval_request.py",),
        "another_account",
    ),
    Mutant(
        "expired-request",
        "a request is approved on the day on which it expires",
        (
            (
                "shared/approval/commands.py",
                "    if row.expires_on <= now.on:",
                "    if row.expires_on < now.on:",
            ),
        ),
        ("tests/graduation/approval/test_approval_request.py",),
        "last_day",
    ),
    Mutant(
        "cases-of-the-own-area",
        "an office sees the cases of every area",
        (
            (
                GRADUATION_SECURITY,
                "CREATE POLICY area ON graduasi USING (CASE WHEN platform.by_area() THEN platform.in_scope(kode_wilayah)",
                "CREATE POLICY area ON graduasi USING (CASE WHEN platform.by_area() THEN true",
            ),
        ),
        ("tests/platform/test_row_security.py",),
        "graduation and area_sees_only",
    ),
    Mutant(
        "identity-deleted-at-withdrawal",
        "the sealed identity stays after the consent is withdrawn",
        (
            (
                "services/referral/rujukan/commands.py",
                "if target in IDENTITY_NOT_NEEDED:",
                "if target in IDENTITY_NOT_NEEDED - {RujukanProgramState.DICABUT}:",
            ),
        ),
        ("tests/referral/consent/test_consent.py",),
        "deleted_at_withdrawal",
    ),
    Mutant(
        "term-starts-with-the-announcement",
        "the term of a sanggah starts with the SK, before its announcement",
        (
            (
                "services/graduation/term/commands.py",
                "    if announced_on <= act.moment.on:",
                "    if announced_on:",
            ),
        ),
        ("tests/graduation/decree/test_announcement.py",),
        "until_its_announcement or whole_term",
    ),
    Mutant(
        "statement-of-a-living-member",
        "a member who died or left may sign the statement",
        (
            (
                "services/graduation/assessment/commands/proposal.py",
                "kpm.ended_on is not None or signer_id in kpm.former_members)",
                "kpm.ended_on is not None)",
            ),
        ),
        ("tests/graduation/decree/test_changed_facts.py",),
        "former_member",
    ),
    Mutant(
        "signer-alive-at-the-decision",
        "an SK is issued although the signer of the statement has died",
        (
            (
                "services/graduation/assessment/rules/changes.py",
                "basis.kpm.ended_on is not None or basis.signer_id in basis.kpm.former_members)",
                "basis.kpm.ended_on is not None)",
            ),
        ),
        ("tests/graduation/decree/test_changed_facts.py",),
        "signer or signed or lose",
    ),
    Mutant(
        "blank-cell-keeps",
        "a blank cell of a file clears the recorded NIB of a business",
        (
            (
                "services/caseload/intake/commands/write.py",
                "coalesce(EXCLUDED.nib_sealed, usaha.nib_sealed) END",
                "EXCLUDED.nib_sealed END",
            ),
        ),
        ("tests/caseload/intake/test_blank_cells.py",),
        "part_of_a_business or keeps_what_is_recorded",
    ),
)
