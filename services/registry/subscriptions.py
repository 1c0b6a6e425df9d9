from shared.audit.witness import witness_of_others
from shared.messaging import Subscription

credit = Subscription(name="credit", kind="replica", topics=["pilar.graduation"])
load = Subscription(name="load", kind="replica", topics=["pilar.caseload"])
graduasi = Subscription(name="graduasi", kind="replica", topics=["pilar.graduation"])
coverage = Subscription(name="coverage", kind="replica", topics=["pilar.caseload"])
rujukan = Subscription(name="rujukan", kind="replica", topics=["pilar.referral"])
audit = witness_of_others("registry")
SUBSCRIPTIONS = [credit, load, graduasi, coverage, rujukan, audit]
