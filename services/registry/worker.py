"""Registry's worker: tells its facts and keeps what its scorecards need. It has no long work of its own."""

from services.registry.subscribers import SUBSCRIPTIONS
from shared.jobs import Work
from shared.worker import Parts, main

PARTS = Parts(service="registry", subscriptions=SUBSCRIPTIONS, work=Work())

if __name__ == "__main__":
    main(PARTS)
