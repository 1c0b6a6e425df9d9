"""Mistakes in who sees what: fields, levels, purposes, files, emergencies, sealed texts."""

from tests.mutants.mutant import Mutant

EMERGENCY = ("tests/caseload/emergency_access/test_emergency_access.py",)

ACCESS = (
    Mutant(
        "read-of-every-field",
        "a read leaves out no field of its answer",
        (
            (
                "shared/http/route.py",
                "answer = self._leave_out(self._finish(await inner(request)), actor)",
                "answer = self._finish(await inner(request))",
            ),
        ),
        ("tests/caseload/overview/test_worklist.py",),
        "village",
    ),
    Mutant(
        "command-of-every-field",
        "a command leaves out no field of its answer",
        (("shared/http/route.py", "return self._leave_out(stored, actor)", "return stored"),),
        ("tests/platform/test_field_classes_of_commands.py",),
    ),
    Mutant(
        "role-of-every-level",
        "a token opens areas above the level of its role",
        (
            (
                "shared/access/actor.py",
                "areas = tuple(area for area in token_areas if level_of(area) >= level)",
                "areas = token_areas",
            ),
        ),
        ("tests/shared/test_actor.py",),
    ),
    Mutant(
        "ditjen-of-every-pendamping",
        "the ditjen of a token narrows nothing",
        (("shared/access/tokens.py", "actor if self._reads_ditjen else replace", "replace"),),
        ("tests/shared/test_access_tokens.py", "tests/registry/pendamping/test_ditjen_lists.py"),
        "registry_reads or dismissal",
    ),
    Mutant(
        "read-without-purpose",
        "an official reads one family without a purpose",
        (
            (
                "shared/http/purpose.py",
                "if is_of_one(request, route) or stated is not None:",
                "if stated is not None:",
            ),
        ),
        ("tests/caseload/test_purpose.py",),
        "states",
    ),
    Mutant(
        "file-of-every-family",
        "a file is answered to everybody who has its hash",
        (
            (
                "shared/files/access.py",
                "return sa.select(*columns).where(IS_NAMED, sa.or_(own, evidence, used))",
                "return sa.select(*columns).where(IS_NAMED, sa.or_(UPLOADED, evidence, used, FILE.size >= 0))",
            ),
        ),
        ("tests/caseload/family/test_files_who_may_read.py",),
    ),
    Mutant(
        "file-kind-by-name",
        "the kind of a file is what its sender calls it",
        (
            (
                "shared/files/checked.py",
                "self.kind = kind_of_head(self._head[:HEAD_BYTES])",
                "self.kind = kind_of_name(self._declared) or kind_of_head(self._head[:HEAD_BYTES])",
            ),
            (
                "shared/files/checked.py",
                "kind_of_head, require_declared",
                "kind_of_head, kind_of_name, require_declared",
            ),
        ),
        ("tests/platform/test_file_kinds.py",),
        "other_content",
    ),
    Mutant(
        "endless-emergency-access",
        "an emergency access does not expire",
        (("services/caseload/migrations/security.sql", " AND a.expires_at > at\n", "\n"),),
        EMERGENCY,
        "its_hours",
    ),
    Mutant(
        "own-emergency-review",
        "who opened an emergency access reviews it",
        (
            (
                "services/caseload/emergency_access/commands.py",
                "if actor.is_same_as(access.opened_by, access.opened_by_sub):",
                "if False:",
            ),
        ),
        EMERGENCY,
        "review",
    ),
    Mutant(
        "text-in-clear",
        "a written text is stored in clear",
        (
            (
                "shared/privacy/texts.py",
                "vault.seal(text, table=table, column=name, row_id=row_id) if text else None",
                "text.encode() if text else None",
            ),
            (
                "shared/privacy/texts.py",
                "vault.open(row[column], table=table, column=name, row_id=row_id) if row[column] else None",
                "bytes(row[column]).decode() if row[column] else None",
            ),
        ),
        EMERGENCY,
        "sealed",
    ),
)
