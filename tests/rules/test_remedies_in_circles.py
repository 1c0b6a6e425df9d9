"""No two refusals lead back to each other."""

from collections.abc import Set as AbstractSet
from functools import cache

import pytest

from shared.errors import DomainError
from shared.remedies import RemedyKind
from tests.factories.reachable_refusals import reachable_refusals
from tests.factories.refusal_classes import list_refusals
from tests.factories.remedies import (
    NAMES_OF_ROLES,
    SERVICES,
    Place,
    Refusal,
    RemedyTrail,
    find_circles,
    find_fault_of_answer,
    names_any,
    published_operations,
)

# Pairs that both can be raised, but not for one family or case in one state. A title alone is its own remedy's.
ACCEPTED = {
    ("AidNotDelivered", "DeliveryAlreadyRecorded"): "the aid was delivered, or it was not",
    ("AnswerNotCorrectable", "CorrectionNeeded"): "an answer holds, or there is none to correct",
    ("AssessmentNotReady", "CaseNotScored"): "a policy scores, or it does not",
    ("CaseNotScored", "NewAssessmentMissing"): "only a case with a score is returned for an assessment",
    ("CaseNotScored", "StatementMissing"): "a policy asks for a statement, or it does not",
    ("ExitNotProposable", "ExitProposalRequired"): "both services have the same reasons; see below",
    ("FamilyHasEnded", ""): "a return is accepted for a family that has ended",
    ("FamilyHasEnded", "MemberNotLeft"): "one has ended, the other is where the person lives",
    ("FamilyHasEnded", "PengurusStays"): "the first family has ended, the second has other members",
    ("FamilyHasOtherMembers", "LastMember"): "a family has one member, or several",
    ("HandOverAlreadyAsked", "HandOverAlreadyWithdrawn"): "an order is open, or withdrawn",
    ("HandOverAlreadyAsked", "HandOverEnded"): "an order is open, or has ended",
    ("MemberNotLeft", ""): "the return is made in the family that the person left last",
    ("MemberNotLeft", "RecordedDead"): "whoever is recorded dead has not moved on",
    ("MusyawarahMissing", "MusyawarahNotRequired"): "a policy has the stage, or it does not",
    ("OutcomeAlreadyRecorded", "OutcomeMissing"): "the outcome of a month was recorded, or it was not",
    ("PolicyNotApproved", ""): "only an activation is refused so",
    ("RecordedDead", ""): "the return of somebody recorded dead makes a request of two persons",
    ("UsahaHasEnded", "UsahaKnown"): "the known business of a member has not ended",
    ("UsahaTransferredAgain", ""): "the later transfer is undone at the business that it names",
}


@cache
def classes_by_place() -> dict[Place, dict[str, type[DomainError]]]:
    return {
        (service, operation): {kind.__name__: kind for kind in kinds if "remedy" in vars(kind)}
        for service in SERVICES
        for operation, kinds in reachable_refusals(service).items()
    }


def remedies_of(classes: list[type[DomainError]]) -> dict[tuple[str, str], AbstractSet[Place]]:
    return {
        (service, kind.__name__): {
            (one.service or service, one.operation_id) for one in kind.remedy.operations
        }
        for service in SERVICES
        for kind in classes
        if kind.remedy.kind is RemedyKind.OPERATION
    }


def test_no_two_remedies_lead_back_to_each_other() -> None:
    titles = {place: kinds.keys() for place, kinds in classes_by_place().items()}
    circles = find_circles(titles, remedies_of(list_refusals()))
    assert {tuple(sorted(pair)) for pair in circles} == {tuple(sorted(pair)) for pair in ACCEPTED}


END, PROPOSE = ("caseload", "end_anggota"), ("caseload", "propose_exit_of_kpm")


def test_a_planted_circle_of_two_refusals_is_detected() -> None:
    """An open case sends to the end of the member, who is the last one."""
    refusals = {END: {"LastMember"}, PROPOSE: {"CaseAlreadyOpen"}}
    remedies = {("caseload", "LastMember"): {PROPOSE}, ("caseload", "CaseAlreadyOpen"): {END}}
    assert find_circles(refusals, remedies) == {("CaseAlreadyOpen", "LastMember")}
    assert find_circles({END: {"LastMember"}}, {("caseload", "LastMember"): {END}}) == {("LastMember", "")}
    assert find_circles(refusals, {("caseload", "LastMember"): {PROPOSE}}) == set()


def find_silent_sentences(place: Place, kind: type[DomainError]) -> list[str]:
    """Return the languages in which a refusal names nobody who has the remedy."""
    remedy = kind.remedy
    able = remedy.roles.union(*(one.roles for one in remedy.operations))
    if not able or published_operations()[place].roles <= able:
        return []
    sentences = {"en": kind.en, "id": kind.id}
    targets = [(one.service or place[0], one.operation_id) for one in remedy.operations]
    return [
        name
        for name, sentence in sentences.items()
        if not names_any(sentence.replace("{{id}}", "{id}"), able, targets, name)
    ]


def test_each_sentence_names_who_has_the_remedy_if_the_refused_have_not() -> None:
    silent = {
        (kind.__name__, language)
        for place, kinds in classes_by_place().items()
        for kind in kinds.values()
        for language in find_silent_sentences(place, kind)
    }
    assert silent == set()


def test_another_person_with_a_named_role_may_send_the_refused_request() -> None:
    closed = [
        (place[1], kind.__name__)
        for place, kinds in classes_by_place().items()
        for kind in kinds.values()
        if kind.remedy.roles and not kind.remedy.roles & published_operations()[place].roles
    ]
    assert closed == []


def refusal(
    place: Place, title: str, *targets: Place, kind: str = "OPERATION", subject: str = "1"
) -> Refusal:
    operations = [{"service": service, "operation_id": name} for service, name in targets]
    return Refusal(place, title, {"kind": kind, "operations": operations}, frozenset(subject))


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        (
            refusal(PROPOSE, "CaseAlreadyOpen", END),
            "circle: propose_exit_of_kpm CaseAlreadyOpen -> end_anggota LastMember -> propose_exit_of_kpm",
        ),
        (
            refusal(PROPOSE, "MembershipHasEnded", kind="NONE"),
            "dead end: end_anggota LastMember -> propose_exit_of_kpm MembershipHasEnded",
        ),
        (refusal(PROPOSE, "CaseAlreadyOpen", END, subject="2"), None),
        (refusal(PROPOSE, "FileNotUploaded", ("caseload", "put_file")), None),
    ],
)
def test_refusals_that_a_test_receives_lead_in_no_circle(second: Refusal, fault: str | None) -> None:
    trail = RemedyTrail([refusal(END, "LastMember", PROPOSE)])
    assert trail.add(second) == fault
    trail.clear()
    assert trail.add(second) is None


@pytest.mark.parametrize(("subject", "circle"), [("1", True), ("2", False)])
def test_a_circle_of_three_refusals_is_detected(subject: str, circle: bool) -> None:
    cancel = ("graduation", "cancel_graduasi")
    trail = RemedyTrail([refusal(END, "LastMember", PROPOSE), refusal(PROPOSE, "CaseAlreadyOpen", cancel)])
    fault = trail.add(refusal(cancel, "IllegalTransition", END, subject=subject))
    assert (fault is not None) == circle


def answer(operation: str, role: str, detail: str = "Propose its end.") -> dict[str, object]:
    target = {"service": "caseload", "operation_id": operation, "roles": [role]}
    return {
        "title": "LastMember",
        "detail": detail,
        "remedy": {"kind": "OPERATION", "operations": [target], "roles": []},
    }


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        (answer("move_kpm", "PENDAMPING"), "caseload.move_kpm is closed to"),
        (answer("move", "KEMENSOS"), "caseload.move is closed to"),
        (answer("move_kpm", "KEMENSOS"), "the remedy is closed to ['PENDAMPING']"),
        (answer("move_kpm", "KEMENSOS", "Kemensos moves it."), None),
        (answer("move_kpm", "KEMENSOS", "Move it (POST /v1/kpm/{id}/move)."), None),
        (answer("end_anggota", "PENDAMPING"), None),
        (
            {"title": "FactsChanged", "remedy": {"kind": "BY_STATE", "operations": [], "roles": []}},
            "the answer names no",
        ),
    ],
)
def test_an_answer_with_a_closed_remedy_is_detected(problem: dict[str, object], fault: str | None) -> None:
    answered = find_fault_of_answer(problem, {"PENDAMPING"}, "en")
    assert answered is None if fault is None else str(answered).startswith(fault)


def test_every_role_has_a_name() -> None:
    assert {role for one in published_operations().values() for role in one.roles} == set(NAMES_OF_ROLES)
