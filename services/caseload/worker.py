"""Caseload's worker process: `worker [relay|consumer|jobs]`, or an operator's verb."""

from services.caseload.commands import endings, exits, hand_over, intake, kepesertaan, limits, placements
from services.caseload.commands.family import by_calendar
from services.caseload.commands.work import WORK
from services.caseload.subscribers import SUBSCRIPTIONS
from shared.worker import Parts, main

PARTS = Parts(service="caseload", subscriptions=SUBSCRIPTIONS, work=WORK)
# What they know to do is registered when they are imported.
REGISTERED = (by_calendar, endings, exits, hand_over, intake, kepesertaan, limits, placements)

if __name__ == "__main__":
    main(PARTS)
