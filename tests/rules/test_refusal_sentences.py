"""The menus: each refusal has a sentence in English and one in Indonesian, and a name that says what is wrong."""

import importlib
import pkgutil
import string

import pytest

import services
import shared
from shared.errors import DomainError


def load_everything() -> None:
    for package in (services, shared):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def menu(root: type[DomainError] = DomainError) -> list[type[DomainError]]:
    return [one for child in root.__subclasses__() for one in (child, *menu(child))]


def refusals() -> list[type[DomainError]]:
    load_everything()
    return [one for one in menu() if one.__module__.startswith(("shared.", "services."))]


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def faults(refusal: type[DomainError]) -> list[str]:
    own = [kind for kind in refusal.__mro__ if kind is not DomainError and issubclass(kind, DomainError)]
    said = {name for kind in own for name in ("en", "id") if name in vars(kind)}
    missing = [f"{refusal.__name__} has no sentence in {name}" for name in ("en", "id") if name not in said]
    if refusal.en == refusal.id and refusal.en != "{reason}":
        missing.append(f"{refusal.__name__} says the same in both languages")
    if refusal.__name__.endswith(("Error", "Exception")):
        missing.append(f"{refusal.__name__} is named by a suffix")
    if not refusal.__doc__:
        missing.append(f"{refusal.__name__} says nothing of when")
    return missing


def test_each_has_both_sentences_and_a_name() -> None:
    assert [fault for refusal in refusals() for fault in faults(refusal)] == []


def test_each_status_is_a_refusal_or_our_fault() -> None:
    assert {refusal.status for refusal in refusals()} <= {
        400,
        401,
        403,
        404,
        405,
        408,
        409,
        412,
        413,
        414,
        415,
        422,
        428,
        429,
        431,
        500,
        503,
    }


def test_names_are_distinct_within_a_service() -> None:
    names = [
        (one.__module__.split(".")[1], one.__name__)
        for one in refusals()
        if one.__module__.startswith("services.")
    ]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"en": "No.", "__doc__": "x"}, "has no sentence in id"),
        ({"en": "No.", "id": "No.", "__doc__": "x"}, "says the same in both"),
        ({"en": "No.", "id": "Tidak."}, "says nothing of when"),
    ],
)
def test_a_careless_refusal_would_be_seen(members: dict[str, str], fault: str) -> None:
    planted = type("Planted", (DomainError,), {"__doc__": None, **members})
    assert any(fault in sentence for sentence in faults(planted))
    assert fields("a {b}") == {"b"}


def test_one_sentence_has_one_name_in_all_services() -> None:
    names: dict[tuple[str, str], set[str]] = {}
    for refusal in refusals():
        if refusal.en != "{reason}":
            names.setdefault((refusal.en, refusal.id), set()).add(refusal.__name__)
    assert [several for several in names.values() if len(several) > 1] == []
