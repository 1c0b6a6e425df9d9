"""The past of referral's tests: a catalogue by its own routes, and the facts of others through a real outbox."""

from tests.referral.given.catalogue import PARTNERS, PROGRAMS, a_world, publish, register, rule
from tests.referral.given.facts import (
    DESA,
    NIK,
    PERSON,
    TODAY,
    Family,
    about,
    annulled,
    decided,
    determined,
    family_facts,
    graduated,
    lodged,
    pendamping_facts,
    relapsed,
    sealed,
    usaha,
)
from tests.referral.given.world import World

__all__ = [
    "DESA",
    "NIK",
    "PARTNERS",
    "PERSON",
    "PROGRAMS",
    "TODAY",
    "Family",
    "World",
    "a_world",
    "about",
    "annulled",
    "decided",
    "determined",
    "family_facts",
    "graduated",
    "lodged",
    "pendamping_facts",
    "publish",
    "register",
    "relapsed",
    "rule",
    "sealed",
    "usaha",
]
