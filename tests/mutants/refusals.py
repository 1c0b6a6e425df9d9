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
                '"code": str(fault["type"]), "message": message}',
                '"code": str(fault["type"]), "message": f"{message} {fault.get(\'input\')}"}',
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
)
