"""Generated cases of access: account, area, operation, and thing in a state."""

import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import httpx

from shared.access import GRANTS, Permission, Role, Scope
from shared.http.purpose import Purpose
from tests.factories.things import Thing
from tests.factories.walked_operations import UUID, Sample, Walked, read_outcome

HOLDER = "emergency-holder"
"""The account that has an emergency access."""
READS = {"GET", "HEAD"}
# What an office requested, and who read a family, stay visible in the area in which that was.
STAYS_WHERE_MADE = {"read_approval_request", "list_approval_requests", "list_purposes"}
LISTS_LEFT_OUT = 0.8
# Opens any family to the caller, to be reviewed afterwards (docs/case-lifecycle.md#emergency-access).
OPENS_ANY_FAMILY = {Permission.AKSES_DARURAT_OPEN}
Things = dict[str, Thing]


@dataclass(frozen=True, slots=True)
class Case:
    """A request of an account for the thing with an id.

    Without an id it is a list.
    """

    sample: Sample
    id: str
    role: Role
    area: str = ""
    sub: str = "stranger"
    purpose: Purpose = Purpose.VERIFIKASI

    def __str__(self) -> str:
        who = f"{self.role} in {self.area} as {self.sub} for {self.purpose}"
        return f"{who}: {self.sample.method} {self.sample.route.path}"

    @property
    def granted(self) -> bool:
        """Whether the role has the permission."""
        return self.role in GRANTS[self.sample.route.declared.permission]


@dataclass(slots=True)
class Result:
    """What the cases of a service have shown."""

    cases: int = 0
    shown: int = 0
    states: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])


def generate_cases(samples: list[Sample], things: Things, seed: int) -> Iterator[Case]:
    """Yield cases without end. Each state of a kind of thing is as frequent."""
    chance, by_state = random.Random(seed), defaultdict[str, dict[str, list[str]]](dict)
    for id_, thing in sorted(things.items()):
        by_state[thing.kind].setdefault(thing.state, []).append(id_)
    for sample in iter(partial(chance.choice, askable(samples)), None):
        own = [id_ for id_ in UUID.findall(sample.path + sample.content) if id_ in things]
        if not own and chance.random() < LISTS_LEFT_OUT:
            continue
        states = by_state[things[own[0]].kind if own else "kpm_id"] or {"": [*things]}
        id_ = chance.choice(states[chance.choice(sorted(states))])
        area = choose_area(chance, chance.choice(sorted(things[id_].areas)))
        granted = sorted(GRANTS[sample.route.declared.permission])
        role = chance.choice(granted if chance.random() < 0.7 else sorted(Role))
        account = (role, area, chance.choice((HOLDER, "stranger")))
        # Other routes refuse an emergency as a purpose, before they look at the role.
        urgent = sample.route.declared.emergency and chance.random() < 0.5
        purpose = Purpose.DARURAT if urgent else Purpose.VERIFIKASI
        yield Case(sample.with_id(own[0], id_) if own else sample, id_ if own else "", *account, purpose)


def askable(samples: list[Sample]) -> list[Sample]:
    """Return the samples of operations with a permission that opens no family by itself."""
    return [one for one in samples if one.route.declared.permission not in {None, *OPENS_ANY_FAMILY}]


def choose_area(chance: random.Random, near: str) -> str:
    """Return an area that contains `near`, one beside such an area, or the country."""
    if near == "*" or chance.random() < 0.1:
        return "*"
    parts = near.split(".")
    *above, last = parts[: chance.randint(1, len(parts))]
    beside = f"{(int(last) + 1) % 10 ** len(last):0{len(last)}}"
    return ".".join([*above, chance.choice((last, beside))])


async def try_cases(walked: Walked, things: Things, count: int, seed: int) -> Result:
    """Try generated cases and return what was shown, and each violation."""
    result, cases = Result(), generate_cases(walked.samples, things, seed)
    while result.cases < count:
        case = next(cases)
        covered = find_covered(case, things)
        # A change of a thing in the area is permitted. Without an id the changed thing is unknown.
        if case.granted and case.sample.method not in READS and (case.id in covered or not case.id):
            continue
        result.cases += 1
        result.states[f"{things[case.id].kind} {things[case.id].state}" if case.id else "list"] += 1
        answer = await ask(walked, case, case.sample)
        result.shown += answer.is_success
        if case.granted:
            hidden = {
                id_: one for id_, one in things.items() if id_ not in covered and not may_name(case, one)
            }
            leaks = await find_leaks(partial(ask, walked, case), case.sample, case.id, hidden)
            result.violations += [f"{case} {leak}" for leak in leaks]
        elif answer.status_code != 403:
            result.violations.append(f"{case} {answer.status_code}")
    return result


def may_name(case: Case, thing: Thing) -> bool:
    """Return whether an answer may name a thing of another area by its id."""
    if thing.kind == "hand_over_id" and case.sample.route.name == "list_kpm_history":
        return True  # by which the family got its pendamping
    return case.sample.route.name in STAYS_WHERE_MADE and thing.kind != "approval_request_id"


def find_covered(case: Case, things: Things) -> set[str]:
    """Return the ids of what the account may see.

    That is by its areas, or under an emergency access.
    """
    grant = GRANTS[case.sample.route.declared.permission].get(case.role)
    emergency = (case.sub, case.purpose, case.sample.route.name) == (HOLDER, Purpose.DARURAT, "read_kpm")
    opened: set[str] = set()
    if emergency and things[case.id].state == "EMERGENCY":
        opened = {id_ for id_, one in things.items() if one.owner == case.id}
    if grant is None or grant.scope not in {Scope.AREA, Scope.DITJEN}:
        return opened
    return {id_ for id_, one in things.items() if id_ in opened or one.is_covered(case.area, case.role)}


async def find_leaks(
    send: Callable[[Sample], Awaitable[httpx.Response]], sample: Sample, id_: str, hidden: Things
) -> list[str]:
    """Return what an answer shows of hidden things.

    The answer for a hidden thing must be that for an absent one.
    """
    answer = await send(sample)
    outcome, leaks = read_outcome(answer), list[str]()
    shown = {*UUID.findall(answer.text)} & hidden.keys() - sample.ids
    leaks += [f"{outcome} shows {hidden[one]}" for one in sorted(shown)]
    if id_ not in hidden or (answer.is_success and is_empty(answer)):
        return leaks
    if answer.is_success:
        return [*leaks, f"{outcome} shows a hidden thing"]
    absent = read_outcome(await send(sample.with_id(id_, str(uuid4()))))
    return [*leaks, f"{outcome}, absent {absent}"] if absent != outcome else leaks


def is_empty(answer: httpx.Response) -> bool:
    """Return whether a filter fits nothing."""
    return answer.content != b"" and answer.json().get("items") == []


async def ask(walked: Walked, case: Case, sample: Sample) -> httpx.Response:
    """Send a request as the account of a case."""
    token = walked.token((case.role,), case.area, case.sub)
    return await walked.send(sample, token, case.purpose)


def own_cases(samples: list[Sample], things: Things, most: int) -> list[Case]:
    """Return a pendamping's requests for things of own families, at most so many per sample."""
    cases: list[Case] = []
    for sample in askable(samples):
        grant = GRANTS[sample.route.declared.permission].get(Role.PENDAMPING)
        if grant is None or grant.scope is not Scope.OWN_FAMILIES:
            continue
        own = next((id_ for id_ in UUID.findall(sample.path + sample.content) if id_ in things), "")
        if own:
            others = [id_ for id_, one in things.items() if one.kind == things[own].kind and id_ != own]
            named = [own, *others][:most]
            cases += [Case(sample.with_id(own, id_), id_, Role.PENDAMPING) for id_ in named]
        elif sample.method in READS:
            cases.append(Case(sample, "", Role.PENDAMPING))
    return cases
