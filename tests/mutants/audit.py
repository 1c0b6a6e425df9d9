"""Mistakes in the audit trail."""

from tests.mutants.mutant import Mutant

ENTRIES = ("tests/platform/test_audit_entries.py",)
TAMPERING = ("tests/platform/test_audit_tampering.py",)

AUDIT = (
    Mutant(
        "read-before-its-audit-entry",
        "a read is answered before its entry is committed",
        (
            (
                "shared/http/audit_trail.py",
                'await writer.write(_entry(request, route, "READ", response.status_code, ids, id_hash))',
                'writer.enqueue(_entry(request, route, "READ", response.status_code, ids, id_hash))',
            ),
        ),
        ENTRIES,
    ),
    Mutant(
        "late-audit-entry",
        "a block passes the entries of a transaction that has not ended",
        (("shared/audit/closing.py", "columns.transaction_id < HORIZON", "columns.transaction_id > 0"),),
        ENTRIES,
        "late_commit",
    ),
    Mutant(
        "changed-audit-entry",
        "a role of the service may change entries",
        (
            (
                "shared/audit/ddl.py",
                "GRANT INSERT ON platform.audit_entry",
                "GRANT INSERT, UPDATE ON platform.audit_entry",
            ),
        ),
        ENTRIES,
        "no_role",
    ),
    Mutant(
        "audit-entry-without-mac",
        "a block does not check the MAC of its entries",
        (("shared/audit/closing.py", "keys.mac(_values(row, SIGNED)) != row.mac", "False"),),
        TAMPERING,
        "forged",
    ),
    Mutant(
        "replaced-audit-witness",
        "a later block replaces the one that was stored",
        (
            (
                "shared/audit/witness.py",
                "insert(audit_witness).values(**values, **hashes).on_conflict_do_nothing()",
                "insert(audit_witness).values(**values, **hashes)",
            ),
        ),
        TAMPERING,
        "second_block",
    ),
    Mutant(
        "audit-entry-outside-the-transaction",
        "the entry of a command is committed on its own",
        (
            (
                "shared/http/audit_trail.py",
                "await insert_entry(connection, entry, writer.keys, at, statement, to_store)",
                "await writer.write(entry)",
            ),
        ),
        ENTRIES,
        "in_its_transaction",
    ),
    Mutant(
        "look-up-of-every-reader",
        "a look-up in the audit trail does not check its scope",
        (
            (
                "shared/audit/queries.py",
                "if actor.scope is not Scope.NATIONAL and not await",
                "if False and not await",
            ),
        ),
        ("tests/registry/pendamping/test_ditjen_lists.py",),
        "audit",
    ),
)
