"""The task to supply what a partner asked for."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from shared.contracts.referral import RujukanAnswered, RujukanSupplied, RujukanWithdrawn
from shared.events import Event
from tests.factories.caseload.case import apply_event
from tests.factories.caseload.hand_over import create_monitored_family, read_today
from tests.factories.caseload.intake import DESA, SPACE, pendamping_token
from tests.factories.caseload.task import list_unrecorded, read_tasks
from tests.factories.services import Running

OFFER = uuid5(SPACE, "offer")


async def test_task_is_open_while_the_partner_waits_for_data(
    kendal_caseload: Running, referral: Running
) -> None:
    kpm_id, on = await create_monitored_family(kendal_caseload), await read_today(kendal_caseload)
    facts: dict[str, Any] = {"rujukan_id": OFFER, "rujukan_program_id": OFFER, "partner_id": UUID(int=7)}
    facts |= {"graduasi_id": UUID(int=9), "kpm_id": kpm_id, "kode_wilayah": DESA}
    facts |= {"program_code": "KUR_SUPERMIKRO", "benefit_kinds": ["MODAL"]}

    async def apply(event: type[Event], status: str, **values: Any) -> list[tuple[str, str]]:
        event_ = event.model_validate(facts | {"status": status} | values)
        await apply_event(kendal_caseload, referral, event_)
        tasks = await read_tasks(kendal_caseload, pendamping_token(kendal_caseload))
        return [(task["kind"], task["due_on"]) for task in tasks]

    asked = [("LENGKAPI_DATA", str(on + timedelta(days=14)))]
    assert await apply(RujukanAnswered, "DIPROSES", answered_on=on) == []
    assert await apply(RujukanAnswered, "PERLU_DATA", answered_on=on) == asked
    assert await apply(RujukanSupplied, "DIPROSES", supplied_on=on) == []
    aid = (await kendal_caseload.sql("SELECT status FROM replica_aid.aid"))[0]["status"]
    assert aid == "DIPROSES"
    assert await apply(RujukanSupplied, "PERLU_DATA", supplied_on=on, voided=True) == asked
    assert await apply(RujukanSupplied, "DIPROSES", supplied_on=on) == []
    assert await apply(RujukanAnswered, "PERLU_DATA", answered_on=on) == asked
    assert await apply(RujukanWithdrawn, "DICABUT", reason="consent withdrawn", withdrawn_on=on) == []
    acts = await kendal_caseload.sql(
        "SELECT act FROM kpm_history WHERE subject = 'tugas' ORDER BY history_id"
    )
    assert [row["act"] for row in acts] == ["DONE", "REOPENED", "DONE", "REOPENED", "DONE"]
    assert await list_unrecorded(kendal_caseload) == []
