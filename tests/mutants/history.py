"""Mistakes in the transaction of a command: its history, its key and its answer."""

from tests.mutants.mutant import Mutant, Replacement

AFTER_THE_COMMIT = """            event_count = await _commit(session)
            if later := session.info.pop("later", None):
                await self._begin(context_of(session), read_only=False)
                session.add_all(later)
                await _commit(session)
"""
COMMIT: Replacement = (
    "shared/database/store.py",
    "            event_count = await _commit(session)\n",
    AFTER_THE_COMMIT,
)
LATER = 'session.info.setdefault("later", []).append('
ONE_TRANSACTION = "one_transaction"


def write_later(name: str, what: str, file: str, before: str, after: str, test: str) -> Mutant:
    """Return the mutant that writes a history row in a transaction after the commit.

    The row is added between `before` and `after`.
    """
    replacement = (file, f"{before}session.add({after}", f"{before}{LATER}{after}")
    return Mutant(
        name, f"{what} is written after the commit", (COMMIT, replacement), (test,), ONE_TRANSACTION
    )


ROUTE = "shared/http/route.py"
BEGIN = (
    "        async with self._upload(request, actor), database.transaction(actor, first=first) as session:\n"
)
BEGIN_AFTER_KEY = """        async with database.transaction(actor, first=first) as alone:
            begin_tag = context_of(alone).begin_tag
        async with self._upload(request, actor), database.transaction(actor) as session:
            context_of(session).begin_tag = begin_tag
"""
STORE_ANSWER = "record_change(session, request, self, stored, to_store)"
STORE_ANSWER_LATER = """        if to_store:
            async with database.transaction(actor) as alone:
                await context_of(alone).driver.execute(idempotency.store_statement(1), *to_store)
        await faultpoint("command.after_commit")
"""
COMMIT_BEFORE_ANSWER = ("tests/platform/test_commit_before_answer.py",)

HISTORY = (
    Mutant(
        "key-in-the-transaction",
        "the idempotency key is committed before the command",
        ((ROUTE, BEGIN, BEGIN_AFTER_KEY),),
        COMMIT_BEFORE_ANSWER,
        "not_used or one_transaction",
    ),
    Mutant(
        "answer-in-the-transaction",
        "the answer is stored under its key after the commit",
        (
            (ROUTE, STORE_ANSWER, "record_change(session, request, self, stored)"),
            (ROUTE, '        await faultpoint("command.after_commit")\n', STORE_ANSWER_LATER),
        ),
        COMMIT_BEFORE_ANSWER,
        "not_used or one_transaction",
    ),
    write_later(
        "history-of-a-family",
        "the history of a family",
        "services/caseload/history.py",
        "    ",
        "\n        KpmHistory(",
        "tests/caseload/test_family_changes.py",
    ),
    write_later(
        "history-of-a-status",
        "the history of a status",
        "services/registry/history.py",
        "    ",
        "\n        StatusHistory(",
        "tests/registry/pendamping/test_status.py",
    ),
    write_later(
        "history-of-an-offer",
        "the history of an offer",
        "services/referral/rujukan/commands.py",
        "    ",
        "\n        RujukanProgramHistory(",
        "tests/referral/consent/test_consent.py",
    ),
    write_later(
        "decision-of-a-sanggah",
        "the decision of a sanggah",
        "services/graduation/objection/commands/sanggah.py",
        "ruling.outcome.value))\n    ",
        "_build_decision(sanggah, act, vault_of(session)))",
        "tests/graduation/objection/test_decision_transaction.py",
    ),
)
