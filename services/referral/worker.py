"""Referral's worker process: relay, consumer and jobs, among these the telling of partners."""

from services.referral.subscribers import SUBSCRIPTIONS
from services.referral.work import WORK
from shared.worker import Parts, main

PARTS = Parts(service="referral", subscriptions=SUBSCRIPTIONS, work=WORK)

if __name__ == "__main__":
    main(PARTS)
