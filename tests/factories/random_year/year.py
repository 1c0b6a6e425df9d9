"""A year of random acts by random actors. Many are not allowed at that moment."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from tests.factories.random_year.cases import move_case, open_case
from tests.factories.random_year.families import change_something, change_usulan
from tests.factories.random_year.field_work import (
    change_dampingan,
    change_leave,
    finish_task,
    order_hand_over,
    propose_exit,
    record_p2k2,
    record_visit,
    replace_placement,
)
from tests.factories.random_year.files import upload_families
from tests.factories.random_year.mistakes import (
    correct_partner,
    retire_in_error,
    supply_data,
    void_work,
    withdraw_proposal,
)
from tests.factories.random_year.offers import (
    acknowledge_escalation,
    answer_rujukan,
    change_consent,
    propose_next,
    record_outcome,
    report_relapse,
    set_places,
    toggle_partner,
)
from tests.factories.random_year.office import FIRST, LAST, Family, Office
from tests.factories.random_year.rules import change_policy, move_tahap
from tests.factories.random_year.undo import undo_something

Act = Callable[[Office, random.Random, Family], Awaitable[None]]
ACTORS = 4
ACTS: dict[Act, int] = {
    move_case: 150,
    open_case: 8,
    record_visit: 5,
    record_p2k2: 3,
    propose_exit: 5,
    finish_task: 3,
    order_hand_over: 1,
    change_dampingan: 10,
    change_leave: 2,
    replace_placement: 1,
    change_something: 16,
    change_usulan: 3,
    upload_families: 3,
    change_consent: 14,
    answer_rujukan: 12,
    record_outcome: 4,
    report_relapse: 3,
    propose_next: 2,
    set_places: 2,
    acknowledge_escalation: 1,
    toggle_partner: 2,
    void_work: 3,
    correct_partner: 5,
    supply_data: 2,
    withdraw_proposal: 1,
    retire_in_error: 1,
    undo_something: 10,
    change_policy: 5,
    move_tahap: 1,
}


async def play_year(
    office: Office, days: int, acts_a_day: int, each_day: Callable[[], Awaitable[None]]
) -> None:
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
        await act(office, chance, office.choose_family(chance))
