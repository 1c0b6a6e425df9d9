from shared.messaging import Subscription

kpm = Subscription("kpm", "replica", ["pilar.caseload"])
pendamping = Subscription("pendamping", "replica", ["pilar.registry"])
graduation = Subscription("graduation", "reaction", ["pilar.graduation"], starts="beginning")
identity = Subscription("identity", "reaction", ["pilar.sealed"], starts="beginning")
moves = Subscription("moves", "reaction", ["pilar.caseload"], starts="beginning")
SUBSCRIPTIONS = [pendamping, kpm, graduation, identity, moves]
