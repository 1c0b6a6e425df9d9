"""Registry's worker: tells its facts, keeps what its scorecards need, and counts how the country is covered."""

from services.registry.subscribers import SUBSCRIPTIONS
from services.registry.work import WORK
from shared.worker import Parts, main

PARTS = Parts(service="registry", subscriptions=SUBSCRIPTIONS, work=WORK)

if __name__ == "__main__":
    main(PARTS)
