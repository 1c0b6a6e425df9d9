"""Worker of caseload: publishes events, handles events of other services and runs jobs."""

from services.caseload.dampingan import jobs as dampingan
from services.caseload.dampingan import subscribers as dampingan_subscribers
from services.caseload.family import jobs as family
from services.caseload.graduation_effect import jobs as graduation_effect
from services.caseload.graduation_effect import subscribers as effect_subscribers
from services.caseload.hand_over import jobs as hand_over
from services.caseload.identity import subscribers as identity
from services.caseload.intake import jobs as intake
from services.caseload.membership import jobs as membership
from services.caseload.replicas import subscribers as replicas
from services.caseload.subscriptions import SUBSCRIPTIONS
from shared.database.models import metadata_of
from shared.deadlines.jobs import overdue_work
from shared.jobs import Work
from shared.worker import Parts, main

OVERDUE = overdue_work(metadata_of("caseload"))
# Importing a module's subscribers registers its handlers.
SUBSCRIBERS = (dampingan_subscribers, effect_subscribers, identity, replicas)
PARTS = Parts(
    service="caseload",
    subscriptions=SUBSCRIPTIONS,
    work=Work.of(
        *(dampingan.WORK, family.WORK, graduation_effect.WORK, hand_over.WORK, intake.WORK, membership.WORK),
        OVERDUE,
    ),
)

if __name__ == "__main__":
    main(PARTS)
