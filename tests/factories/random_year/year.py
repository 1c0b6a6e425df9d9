"""A year of random acts by random actors. Many are not allowed at that moment."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from tests.factories.random_year.cases import move_case, open_case
from tests.factories.random_year.families import family_event, usulan
from tests.factories.random_year.field_work import (
    accompany,
    finish_task,
    hand_over,
    hold_p2k2,
    leave,
    propose_exit,
    replace_placement,
    visit,
)
from tests.factories.random_year.offers import (
    acknowledge,
    answer,
    consent,
    outcome,
    partner_down,
    propose_next,
    report_relapse,
    set_places,
)
from tests.factories.random_year.office import FIRST, LAST, Family, Office
from tests.factories.random_year.rules import change_policy, move_tahap

Act = Callable[[Office, random.Random, Family], Awaitable[None]]
ACTORS = 4
ACTS: dict[Act, int] = {
    move_case: 150,
    open_case: 8,
    visit: 5,
    hold_p2k2: 3,
    propose_exit: 5,
    finish_task: 3,
    hand_over: 3,
    accompany: 5,
    leave: 4,
    replace_placement: 1,
    family_event: 16,
    usulan: 6,
    consent: 14,
    answer: 12,
    outcome: 4,
    report_relapse: 3,
    propose_next: 2,
    set_places: 2,
    acknowledge: 1,
    partner_down: 2,
    change_policy: 5,
    move_tahap: 1,
}


async def year(office: Office, days: int, acts_a_day: int, each_day: Callable[[], Awaitable[None]]) -> None:
    """Play random days, each with several concurrent actors."""
    chance = random.Random(f"{office.seed} days")
    when = sorted(chance.sample(range((LAST - FIRST).days), days - 1))
    for number, after in enumerate([*when, (LAST - FIRST).days]):
        await office.world.day(str(FIRST + timedelta(days=after)))
        actors = [play_actor(office, number, each, acts_a_day // ACTORS) for each in range(ACTORS)]
        await asyncio.gather(*actors, each_day())


async def play_actor(office: Office, day: int, number: int, acts: int) -> None:
    """Perform one actor's acts of a day. The same seed makes the same choices."""
    chance = random.Random(f"{office.seed} {day} {number}")
    for _ in range(acts):
        (act,) = chance.choices(list(ACTS), list(ACTS.values()))
        await act(office, chance, office.some_family(chance))
