"""Subscriptions of caseload. The modules register handlers on them."""

from shared.audit.witness import witness_of_others
from shared.messaging import Subscription

pendamping = Subscription(name="pendamping", kind="replica", topics=["pilar.registry"])
aid = Subscription(name="aid", kind="replica", topics=["pilar.referral"])
graduation = Subscription(name="graduation", kind="reaction", topics=["pilar.graduation"])
sealing = Subscription(name="sealing", kind="reaction", topics=["pilar.referral"])
placement = Subscription(name="placement", kind="reaction", topics=["pilar.registry"])
tugas = Subscription(name="tugas", kind="reaction", topics=["pilar.graduation", "pilar.referral"])
audit = witness_of_others("caseload")
SUBSCRIPTIONS = [pendamping, aid, graduation, sealing, placement, tugas, audit]
