"""A worker process killed during a hand-over repeats and loses nothing."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.factories.caseload.hand_over import (
    S,
    T,
    advance_days,
    import_families,
    ketua_tim_token,
    post_hand_over,
    read_emitted_data,
    read_loads,
)
from tests.factories.services import Running
from tests.factories.worker_process import expire_lease, start_worker, wait_for_end

# Few enough that nothing waits for a relay, which this test does not run.
FAMILIES = 160


@pytest.mark.timeout(300)
async def test_killed_hand_over_resumes(kendal_caseload: Running, tmp_path: Path) -> None:
    await kendal_caseload.sql("UPDATE dampingan_limit SET warn_above = 100, refuse_above = 600")
    families = await import_families(kendal_caseload, FAMILIES)
    answer = await post_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    # Small steps. It dies before its first commit, after one, before the next, and after another.
    await kendal_caseload.sql(
        """UPDATE platform.job SET place = '{"size": 30}' WHERE kind = 'hand_over.run'"""
    )
    done = []
    for number, place in enumerate(("before", "after", "before", "after")):
        armed = tmp_path / f"armed{number}"
        armed.touch()
        process = start_worker(kendal_caseload, f"job.hand_over.run.{place}_commit=kill:{armed}")
        assert await wait_for_end(process) == -signal.SIGKILL
        await expire_lease(kendal_caseload)
        done += [
            row["done"]
            for row in await kendal_caseload.sql("SELECT done FROM platform.job WHERE kind = 'hand_over.run'")
        ]
    assert done[:3] == [0, 30, 30]
    assert 30 < done[3] < FAMILIES
    await kendal_caseload.work()
    seen = (
        await kendal_caseload.get(
            f"/v1/hand-over/{answer.json()['hand_over_id']}", as_=ketua_tim_token(kendal_caseload)
        )
    ).json()
    assert (seen["state"], seen["done"], seen["refused"]) == ("DONE", FAMILIES, 0)
    assert await read_loads(kendal_caseload) == {S: 0, T: FAMILIES}
    for name, per in (("dampingan_ended", Counter(families)), ("dampingan_started", Counter(families * 2))):
        assert Counter(data["kpm_id"] for data in await read_emitted_data(kendal_caseload, name)) == per
    crossed = [
        (data["penugasan_id"], data["side"])
        for data in await read_emitted_data(kendal_caseload, "dampingan_limit_crossed")
    ]
    assert sorted(crossed) == sorted([(S, "ABOVE"), (S, "BELOW"), (T, "ABOVE")])
    both = await kendal_caseload.sql("SELECT count(*), count(*) FILTER (WHERE ended) FROM dampingan")
    assert [tuple(row) for row in both] == [(2 * FAMILIES, FAMILIES)]
