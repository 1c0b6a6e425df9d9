"""Graduation's worker: tells its facts, keeps what others told, and does what falls due."""

from services.graduation.subscribers import SUBSCRIPTIONS
from services.graduation.work import WORK
from shared.worker import Parts, main

PARTS = Parts(service="graduation", subscriptions=SUBSCRIPTIONS, work=WORK)

if __name__ == "__main__":
    main(PARTS)
