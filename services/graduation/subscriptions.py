from shared.audit.witness import witness_of_others
from shared.messaging import Subscription

pendamping = Subscription(name="pendamping", kind="replica", topics=["pilar.registry"])
kpm = Subscription(name="kpm", kind="replica", topics=["pilar.caseload"])
exits = Subscription(name="exits", kind="reaction", topics=["pilar.caseload"], starts="beginning")
relapse = Subscription(name="relapse", kind="reaction", topics=["pilar.referral"], starts="beginning")
rujukan = Subscription(name="rujukan", kind="replica", topics=["pilar.referral"])
audit = witness_of_others("graduation")
SUBSCRIPTIONS = [pendamping, kpm, rujukan, exits, relapse, audit]
