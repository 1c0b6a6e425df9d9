"""Worker of referral: publishes events, calls partners, handles events and runs jobs."""

from services.referral.consent import subscribers as consent
from services.referral.deadline import jobs as deadline
from services.referral.lapse import jobs as lapse
from services.referral.notice import jobs as notice
from services.referral.offer import jobs as offer
from services.referral.offer import subscribers as offer_subscribers
from services.referral.outcome import jobs as outcome
from services.referral.outcome import subscribers as outcome_subscribers
from services.referral.partner.commands import address
from services.referral.partner_call import jobs as partner_call
from services.referral.publication import jobs as publication
from services.referral.replicas import subscribers as replicas
from services.referral.subscriptions import SUBSCRIPTIONS
from shared.database.models import metadata_of
from shared.deadlines.jobs import overdue_work
from shared.jobs import Work
from shared.settings import Settings
from shared.worker import Parts, main

OVERDUE = overdue_work(metadata_of("referral"))
# Importing a module's subscribers registers its handlers.
SUBSCRIBERS = (consent, offer_subscribers, outcome_subscribers, replicas)
PARTS = Parts(
    service="referral",
    subscriptions=SUBSCRIPTIONS,
    work=Work.of(
        deadline.WORK,
        lapse.WORK,
        notice.WORK,
        offer.WORK,
        outcome.WORK,
        partner_call.WORK,
        publication.WORK,
        OVERDUE,
    ),
)

if __name__ == "__main__":
    address.configure(Settings.load_for("referral"))
    main(PARTS)
