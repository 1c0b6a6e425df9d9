"""A worker process killed during a hand-over repeats and loses nothing."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.factories.caseload.hand_over import S, T, accompanied, days_later, facts, hand_over, leader, loads
from tests.factories.services import Running
from tests.factories.worker_process import ended, let_lease_lapse, worker

# Few enough that nothing waits for a relay, which this test does not run.
FAMILIES = 160


@pytest.mark.timeout(300)
async def test_killed_hand_over_resumes(placed: Running, tmp_path: Path) -> None:
    await placed.sql("UPDATE dampingan_limit SET warn_above = 100, refuse_above = 600")
    families = await accompanied(placed, FAMILIES)
    answer = await hand_over(placed, await days_later(placed))
    # Small steps. It dies before its first commit, after one, before the next, and after another.
    await placed.sql("""UPDATE platform.job SET place = '{"size": 30}' WHERE kind = 'hand_over.run'""")
    done = []
    for number, place in enumerate(("before", "after", "before", "after")):
        armed = tmp_path / f"armed{number}"
        armed.touch()
        process = worker(placed, f"job.hand_over.run.{place}_commit=kill:{armed}")
        assert await ended(process) == -signal.SIGKILL
        await let_lease_lapse(placed)
        done += [
            row["done"]
            for row in await placed.sql("SELECT done FROM platform.job WHERE kind = 'hand_over.run'")
        ]
    assert done[:3] == [0, 30, 30]
    assert 30 < done[3] < FAMILIES
    await placed.work()
    seen = (await placed.get(f"/v1/hand-over/{answer.json()['hand_over_id']}", as_=leader(placed))).json()
    assert (seen["state"], seen["done"], seen["refused"]) == ("DONE", FAMILIES, 0)
    assert await loads(placed) == {S: 0, T: FAMILIES}
    for name, per in (("dampingan_ended", Counter(families)), ("dampingan_started", Counter(families * 2))):
        assert Counter(data["kpm_id"] for data in await facts(placed, name)) == per
    crossed = [
        (data["penugasan_id"], data["side"]) for data in await facts(placed, "dampingan_limit_crossed")
    ]
    assert sorted(crossed) == sorted([(S, "ABOVE"), (S, "BELOW"), (T, "ABOVE")])
    both = await placed.sql("SELECT count(*), count(*) FILTER (WHERE ended) FROM dampingan")
    assert [tuple(row) for row in both] == [(2 * FAMILIES, FAMILIES)]
