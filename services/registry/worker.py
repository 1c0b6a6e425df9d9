"""Registry's worker: publishes events, updates replicas and runs jobs."""

from services.registry.coverage import jobs as coverage
from services.registry.pendamping import jobs as pendamping
from services.registry.replicas import subscribers as replicas
from services.registry.subscriptions import SUBSCRIPTIONS
from shared.database.models import metadata_of
from shared.deadlines.jobs import overdue_work
from shared.jobs import Work
from shared.worker import Parts, main

OVERDUE = overdue_work(metadata_of("registry"))
# Importing a module's subscribers registers its handlers.
SUBSCRIBERS = (replicas,)
PARTS = Parts(
    service="registry", subscriptions=SUBSCRIPTIONS, work=Work.of(coverage.WORK, pendamping.WORK, OVERDUE)
)

if __name__ == "__main__":
    main(PARTS)
