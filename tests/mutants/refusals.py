"""Mistakes that repeat a number of the request in its refusal."""

from tests.mutants.mutant import Mutant

REFUSALS = (
    Mutant(
        "number-in-a-refusal",
        "a refusal names the NIK that is registered already, without its mask",
        (
            (
                "services/registry/pendamping/errors.py",
                "This NIK is registered already.",
                "The NIK {nik} is registered already.",
            ),
            (
                "services/registry/pendamping/commands/registration.py",
                'NikAlreadyRegistered("/body/nik")',
                'NikAlreadyRegistered("/body/nik", nik=terms.nik and terms.nik.reveal())',
            ),
        ),
        (
            "tests/registry/pendamping/test_registration.py",
            "tests/platform/test_refusals.py",
            "tests/rules/test_refusal_sentences.py",
        ),
        "registration or number_of_the_request or personal_data",
    ),
    Mutant(
        "value-in-a-refusal",
        "the refusal of a value repeats the value",
        (
            (
                "shared/http/problems.py",
                '"code": kind, "message": message}',
                '"code": kind, "message": f"{message} {fault.get(\'input\')}"}',
            ),
        ),
        ("tests/platform/test_refusals.py",),
        "number_of_the_request",
    ),
    Mutant(
        "name-in-a-refusal",
        "the refusal of an unknown field repeats the name of the field",
        (
            (
                "shared/http/problems.py",
                'str(part) if NAME.fullmatch(str(part)) else "*" for part',
                "str(part) for part",
            ),
        ),
        ("tests/platform/test_refusals.py",),
        "number_of_the_request",
    ),
    Mutant(
        "thing-beyond-the-scope",
        "the thing in the way is read in the scope of the service, so a refusal names one that the caller may not see",
        (
            (
                "shared/http/problems.py",
                "from shared import telemetry\n",
                "from shared import telemetry\nfrom shared.access import Actor\n",
            ),
            (
                "shared/http/problems.py",
                "database.read(request.state.actor)",
                'database.read(Actor.system("graduation"))',
            ),
        ),
        ("tests/platform/test_existing_things.py",),
        "outside_of_the_area",
    ),
    Mutant(
        "remedies-in-a-circle",
        "an open case sends to the end of the member, and the last member to the end of the membership",
        (
            (
                "shared/errors.py",
                'to_call("graduation.cancel_graduasi", STAFF)',
                'to_call("caseload.end_anggota", FIELD | DINSOS)',
            ),
        ),
        ("tests/rules/test_remedies_in_circles.py",),
        "lead_back",
    ),
    Mutant(
        "remedy-for-a-closed-role",
        "the last member sends to a proposal by Kemensos, who may not propose",
        (
            (
                "services/caseload/member/errors.py",
                'to_call("propose_exit_of_kpm", FIELD | DINSOS)',
                'to_call("propose_exit_of_kpm", MINISTRY)',
            ),
        ),
        ("tests/rules/test_remedies.py", "tests/caseload/member/test_family_end.py"),
        "declares_a_remedy or last_member_leaves",
    ),
)
