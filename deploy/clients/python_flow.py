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
from caseload_client.models import KepesertaanList, KpmPage
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
    AsesmenView,
    Assessment,
    AssessmentAnswers,
    FileView,
    GraduasiPage,
    GraduasiView,
    Opening,
    OpeningExitReason,
    Problem409ProposeGraduasi,
    Problem409ProposeGraduasiTitle,
    Proposal,
    Statement,
)
from graduation_client.types import File
from referral_client import AuthenticatedClient as ReferralClient
from referral_client.api.offer import list_offers
from referral_client.models import OfferList

Value = TypeVar("Value")
setting: dict[str, Any] = json.load(sys.stdin)
urls, token = setting["urls"], setting["token"]
caseload = CaseloadClient(base_url=urls["caseload"], token=token)
graduation = GraduationClient(base_url=urls["graduation"], token=token)
referral = ReferralClient(base_url=urls["referral"], token=token)


def must(kind: type[Value], answer: object) -> Value:
    """Return an answer of this kind, or stop at a refusal."""
    if not isinstance(answer, kind):
        raise SystemExit(f"refused: {answer}")
    return answer


def upload() -> str:
    content = b"%%PDF-1.4\n%% %s\n%%%%EOF\n" % secrets.token_hex(8).encode()
    return must(FileView, put_file.sync(client=graduation, body=File(BytesIO(content)))).sha256


families = must(KpmPage, list_kpm.sync(client=caseload, limit=50)).items
taken = {case.kpm_id for case in must(GraduasiPage, list_graduasi.sync(client=graduation, limit=200)).items}
family = next(family for family in families if family.kpm_id not in taken)
memberships = must(KepesertaanList, list_kepesertaan.sync(family.kpm_id, client=caseload)).items
pkh = next(one for one in memberships if one.bansos == "PKH")

opening = Opening(family.kpm_id, pkh.kepesertaan_id, OpeningExitReason.SEJAHTERA_MANDIRI)
case = must(
    GraduasiView, open_graduasi.sync(client=graduation, body=opening, idempotency_key=secrets.token_hex(8))
)
photo = upload()
evidence = {code: {"evidence_sha256": photo} for code in setting["withEvidence"]}
given = {code: {"value": value, **evidence.get(code, {})} for code, value in setting["answers"].items()}
assessment = Assessment(AssessmentAnswers.from_dict(given))


def key() -> str:
    return secrets.token_hex(8)


must(
    AsesmenView,
    assess_graduasi.sync(case.graduasi_id, client=graduation, body=assessment, idempotency_key=key()),
)
offers = must(OfferList, list_offers.sync(client=referral, kpm_id=family.kpm_id))
statement = Statement(
    signed_on=date.fromisoformat(setting["today"]), evidence_sha256=upload(), offers_sha256=offers.sha256
)
must(
    GraduasiView,
    sign_pernyataan.sync(case.graduasi_id, client=graduation, body=statement, idempotency_key=key()),
)
proposed = must(
    GraduasiView,
    propose_graduasi.sync(case.graduasi_id, client=graduation, body=Proposal(), idempotency_key=key()),
)
if proposed.state != "DIUSULKAN":
    raise SystemExit(f"the case is {proposed.state}")
again = propose_graduasi.sync(case.graduasi_id, client=graduation, body=Proposal(), idempotency_key=key())
if not isinstance(again, Problem409ProposeGraduasi) or not again.remedy:
    raise SystemExit("no refusal with a remedy")
if (
    again.title is not Problem409ProposeGraduasiTitle.ILLEGALTRANSITION
    or again.params["target"] != "DIUSULKAN"
):
    raise SystemExit(f"refused as {again.title} with {again.params}")
print(f"{proposed.state} {case.graduasi_id}, again: {again.title}")
