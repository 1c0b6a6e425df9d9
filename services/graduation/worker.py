"""The worker of graduation: publishes and consumes events, runs jobs and scheduled tasks."""

from services.graduation.candidate import subscribers as candidate
from services.graduation.decree import jobs as decree
from services.graduation.family_end import subscribers as family_end
from services.graduation.monitoring import subscribers as monitoring
from services.graduation.replicas import subscribers as replicas
from services.graduation.review import subscribers as review
from services.graduation.subscriptions import SUBSCRIPTIONS
from services.graduation.term import jobs as term
from shared.database.models import metadata_of
from shared.deadlines.jobs import overdue_work
from shared.jobs import Work
from shared.worker import Parts, main

OVERDUE = overdue_work(metadata_of("graduation"))
# Importing a module's subscribers registers its handlers.
SUBSCRIBERS = (candidate, family_end, monitoring, replicas, review)
PARTS = Parts(
    service="graduation", subscriptions=SUBSCRIPTIONS, work=Work.of(decree.WORK, term.WORK, OVERDUE)
)

if __name__ == "__main__":
    main(PARTS)
