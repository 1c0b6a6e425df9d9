"""Subscriptions of referral. Modules register handlers on them."""

from shared.audit.witness import witness_of_others
from shared.events import SEALED_TOPIC
from shared.messaging import Subscription

kpm = Subscription(name="kpm", kind="replica", topics=["pilar.caseload"])
pendamping = Subscription(name="pendamping", kind="replica", topics=["pilar.registry"])
graduation = Subscription(name="graduation", kind="reaction", topics=["pilar.graduation"], starts="beginning")
identity = Subscription(name="identity", kind="reaction", topics=[SEALED_TOPIC], starts="beginning")
moves = Subscription(name="moves", kind="reaction", topics=["pilar.caseload"], starts="beginning")
audit = witness_of_others("referral")
SUBSCRIPTIONS = [pendamping, kpm, graduation, identity, moves, audit]
