"""Referral's worker process: relay, consumer and jobs, among these the telling of partners."""

from services.referral import webhook_address
from services.referral.subscribers import SUBSCRIPTIONS
from services.referral.work import WORK
from shared.settings import Settings
from shared.worker import Parts, main

PARTS = Parts(service="referral", subscriptions=SUBSCRIPTIONS, work=WORK)

if __name__ == "__main__":
    webhook_address.configure(Settings.load_for("referral"))
    main(PARTS)
