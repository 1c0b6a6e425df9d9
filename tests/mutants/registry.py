"""Mistakes in the counts of registry."""

from tests.mutants.mutant import Mutant

QUERIES = "services/registry/scorecard/queries.py"
SUBSCRIBERS = "services/registry/replicas/subscribers.py"
SCORECARD = ("tests/registry/scorecard/test_scorecard.py",)
EACH_EVENT_A_ROW = """import sqlalchemy as sa
@credit.on_batch(CreditGranted)
async def add_credits(session, events):
    known = set(map(str, await session.scalars(sa.select(Credit.credit_id))))
    for event in events:
        row = {name: event.fields[name] for name in Credit.model_fields if name in event.fields}
        if row["credit_id"] in known:
            row["credit_id"] = str(event.meta.event_id)
        known.add(row["credit_id"])
        await upsert(session, Credit, [row | {"reversed": False, "reverse_reason": None}], key=["credit_id"])
"""

REGISTRY = (
    Mutant(
        "credit-counts-once",
        "a credit that arrives at two positions is two credits",
        (
            (
                SUBSCRIBERS,
                'credit.replicate(Credit, CreditGranted, fixed={"reversed": False, "reverse_reason": None})\n',
                EACH_EVENT_A_ROW,
            ),
        ),
        SCORECARD,
        "two_positions",
    ),
    Mutant(
        "reversed-credits",
        "no credit counts as reversed",
        ((QUERIES, "sa.func.count().filter(Credit.reversed)", "sa.func.count().filter(sa.false())"),),
        (*SCORECARD, "tests/registry/scorecard/test_numbers.py"),
        "net_credits or two_positions or numbers_are_filtered",
    ),
    Mutant(
        "reversed-credits-of-a-placement",
        "the net credits of a placement and of a kind include reversed ones",
        ((QUERIES, "Credit.year == year, ~Credit.reversed)", "Credit.year == year)"),),
        SCORECARD,
        "net_credits or two_positions",
    ),
)
