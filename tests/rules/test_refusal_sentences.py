"""Each refusal has a sentence in English and Indonesian, and one class."""

import pytest

from shared.errors import CaseAlreadyOpen, DomainError
from shared.refusal import names_of_params
from tests.factories.refusal_classes import list_refusals
from tests.factories.refusal_texts import NUMBER


def find_faults(refusal: type[DomainError]) -> list[str]:
    own = [kind for kind in refusal.__mro__ if kind is not DomainError and issubclass(kind, DomainError)]
    languages = {name for kind in own for name in ("en", "id") if name in vars(kind)}
    missing = [
        f"{refusal.__name__} has no sentence in {name}" for name in ("en", "id") if name not in languages
    ]
    if refusal.en == refusal.id and refusal.en != "{reason}":
        missing.append(f"{refusal.__name__} has the same sentence in both languages")
    if refusal.__name__.endswith(("Error", "Exception")):
        missing.append(f"{refusal.__name__} has a suffix in its name")
    if not refusal.__doc__:
        missing.append(f"{refusal.__name__} has no docstring")
    return missing


def test_each_refusal_has_both_sentences_and_a_docstring() -> None:
    assert [fault for refusal in list_refusals() for fault in find_faults(refusal)] == []


def test_each_status_is_expected() -> None:
    assert {refusal.status for refusal in list_refusals()} <= {
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
        416,
        422,
        428,
        429,
        431,
        500,
        503,
    }


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"en": "No.", "__doc__": "x"}, "has no sentence in id"),
        ({"en": "No.", "id": "No.", "__doc__": "x"}, "has the same sentence in both"),
        ({"en": "No.", "id": "Tidak."}, "has no docstring"),
    ],
)
def test_an_incomplete_refusal_is_detected(members: dict[str, str], fault: str) -> None:
    planted = type("Planted", (DomainError,), {"__doc__": None, **members})
    assert any(fault in sentence for sentence in find_faults(planted))


def find_named_twice(classes: list[type[DomainError]]) -> list[str]:
    """Return class names and sentences that two refusals share."""
    texts = [(kind.__name__, kind) for kind in classes]
    texts += [(vars(kind)[name], kind) for kind in classes for name in ("en", "id") if name in vars(kind)]
    users: dict[str, set[type[DomainError]]] = {}
    for text, kind in texts:
        users.setdefault(text, set()).add(kind)
    return [text for text, several in users.items() if len(several) > 1]


def test_each_refusal_has_one_class_in_all_services() -> None:
    assert find_named_twice(list_refusals()) == []


@pytest.mark.parametrize(
    ("name", "members", "shared"),
    [
        ("CaseAlreadyOpen", {"en": "A case.", "id": "Kasus."}, "CaseAlreadyOpen"),
        ("CaseOpen", {"en": CaseAlreadyOpen.en, "id": "Kasus."}, CaseAlreadyOpen.en),
        ("CaseOpen", {"en": "A case.", "id": CaseAlreadyOpen.id}, CaseAlreadyOpen.id),
    ],
)
def test_a_second_class_of_one_refusal_is_detected(name: str, members: dict[str, str], shared: str) -> None:
    planted = type(name, (DomainError,), members)
    assert find_named_twice([CaseAlreadyOpen, planted]) == [shared]


PERSONAL = frozenset({"nik", "no_kk", "kk", "phone", "address", "person", "value", "birth_on"})


def find_personal_data(refusal: type[DomainError]) -> list[str]:
    """Return the personal data and numbers of sixteen digits in the sentences."""
    faults = [f"{refusal.__name__} shows {name}" for name in names_of_params(refusal) if name in PERSONAL]
    for template in (refusal.en, refusal.id):
        faults += [f"{refusal.__name__} has a number" for _ in NUMBER.findall(template)]
    return faults


def test_no_refusal_shows_personal_data() -> None:
    assert [fault for refusal in list_refusals() for fault in find_personal_data(refusal)] == []


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [("NIK {nik} ada.", "Planted shows nik"), ("Misalnya 3324075211879001.", "Planted has a number")],
)
def test_refusal_with_personal_data_is_detected(sentence: str, fault: str) -> None:
    assert find_personal_data(type("Planted", (DomainError,), {"en": "No.", "id": sentence})) == [fault]
