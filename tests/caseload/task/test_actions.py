"""What a task says its reader may do is what the commands answer."""

import pytest

from shared.access import Role
from tests.factories.actions import ACCEPTED, find_wrong_actions
from tests.factories.caseload.family import Family
from tests.factories.caseload.hand_over import ketua_tim_token
from tests.factories.caseload.intake import PENDAMPING, dinsos_token
from tests.factories.caseload.member import record_death
from tests.factories.caseload.task import read_tasks

ALLOWED = {False: ["YES", "NO"], True: ["NO", "UNKNOWN"]}


@pytest.mark.parametrize("done", [False, True])
async def test_actions_of_a_task_are_those_that_its_commands_take(
    family: Family, monkeypatch: pytest.MonkeyPatch, *, done: bool
) -> None:
    await record_death(family, pengurus=True)
    service, both = family.caseload, ["OPERATOR_DESA", "PENDAMPING"]
    (task,) = await read_tasks(service, family.mine)
    path = f"/v1/tugas/{task['tugas_id']}"
    if done:
        await family.post_ok(f"{path}/done", {})
    calls = {"finish_task": (f"{path}/done", {}), "reopen_task": (f"{path}/reopen", None)}
    village = service.cluster.issuer.token(both, "pendamping-9", ["33.24.09.2011"], pendamping_id=PENDAMPING)
    readers = {
        family.mine: ALLOWED[done],
        dinsos_token(service): ALLOWED[done],
        ketua_tim_token(service): ALLOWED[done],
        service.token(Role.KEPALA_DESA, "kepala-desa-1", ["33.24.09.2011"]): ["NO", "NO"],
        service.token(Role.AUDITOR): ["NO", "NO"],
        village: ["NO" if done else "UNKNOWN", "UNKNOWN" if done else "NO"],
    }
    for token, allowed in readers.items():
        (shown,) = await read_tasks(service, token, f"?open_only=false&kpm_id={family.kpm_id}")
        assert [action["allowed"] for action in shown["actions"]] == allowed
        with monkeypatch.context() as patched:
            patched.setenv("PILAR_FAULTPOINT", ACCEPTED)
            assert await find_wrong_actions(service, shown["actions"], calls, token) == []
