"""The same way as flow-openapi-fetch.ts, with the clients of openapi-python-client."""

import json
import secrets
import sys
from datetime import date
from io import BytesIO
from typing import Any, TypeVar

from caseload_client import AuthenticatedClient as CaseloadClient
from caseload_client.api.kepesertaan import list_kepesertaan
from caseload_client.api.kpm import list_kpm
from caseload_client.models import Problem as CaseloadProblem
from graduation_client import AuthenticatedClient as GraduationClient
from graduation_client.api.files import put_file
from graduation_client.api.graduasi import (
    assess_graduasi,
    list_graduasi,
    open_graduasi,
    propose_graduasi,
    sign_pernyataan,
)
from graduation_client.models import (
    Assessment,
    AssessmentAnswers,
    Opening,
    OpeningExitReason,
    Problem,
    Proposal,
    Statement,
)
from graduation_client.types import File
from referral_client import AuthenticatedClient as ReferralClient
from referral_client.api.offer import list_offers
from referral_client.models import Problem as ReferralProblem

Value = TypeVar("Value")
setting: dict[str, Any] = json.load(sys.stdin)
urls, token = setting["urls"], setting["token"]
caseload = CaseloadClient(base_url=urls["caseload"], token=token)
graduation = GraduationClient(base_url=urls["graduation"], token=token)
referral = ReferralClient(base_url=urls["referral"], token=token)


def must(answer: Value | Problem | CaseloadProblem | ReferralProblem | None) -> Value:
    if answer is None or isinstance(answer, Problem | CaseloadProblem | ReferralProblem):
        raise SystemExit(f"refused: {answer}")
    return answer


def upload() -> str:
    content = b"%%PDF-1.4\n%% %s\n%%%%EOF\n" % secrets.token_hex(8).encode()
    return must(put_file.sync(client=graduation, body=File(BytesIO(content)))).sha256


families = must(list_kpm.sync(client=caseload, limit=50)).items
taken = {case.kpm_id for case in must(list_graduasi.sync(client=graduation, limit=200)).items}
family = next(family for family in families if family.kpm_id not in taken)
memberships = must(list_kepesertaan.sync(family.kpm_id, client=caseload)).items
pkh = next(one for one in memberships if one.bansos == "PKH")

opening = Opening(family.kpm_id, pkh.kepesertaan_id, OpeningExitReason.SEJAHTERA_MANDIRI)
case = must(open_graduasi.sync(client=graduation, body=opening, idempotency_key=secrets.token_hex(8)))
photo = upload()
evidence = {code: {"evidence_sha256": photo} for code in setting["withEvidence"]}
given = {code: {"value": value, **evidence.get(code, {})} for code, value in setting["answers"].items()}
assessment = Assessment(AssessmentAnswers.from_dict(given))


def key() -> str:
    return secrets.token_hex(8)


must(assess_graduasi.sync(case.graduasi_id, client=graduation, body=assessment, idempotency_key=key()))
offers = must(list_offers.sync(client=referral, kpm_id=family.kpm_id))
statement = Statement(
    signed_on=date.fromisoformat(setting["today"]), evidence_sha256=upload(), offers_sha256=offers.sha256
)
must(sign_pernyataan.sync(case.graduasi_id, client=graduation, body=statement, idempotency_key=key()))
proposed = must(
    propose_graduasi.sync(case.graduasi_id, client=graduation, body=Proposal(), idempotency_key=key())
)
if proposed.state != "DIUSULKAN":
    raise SystemExit(f"the case is {proposed.state}")
again = propose_graduasi.sync(case.graduasi_id, client=graduation, body=Proposal(), idempotency_key=key())
if not isinstance(again, Problem) or not again.remedy:
    raise SystemExit("no refusal with a remedy")
print(f"{proposed.state} {case.graduasi_id}, again: {again.title}")
