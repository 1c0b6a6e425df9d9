"""Upload of a family file and progress of its job."""

from __future__ import annotations

from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo.people import DINSOS
from deploy.demo.world import World

ENDED = frozenset({"DONE", "FAILED", "CANCELLED"})


async def run_intake(world: World, name: str, content: bytes) -> list[dict[str, Any]]:
    """Upload the file, start its intake, and print and return the refused rows."""
    path = world.data_folder.folder / name
    path.write_bytes(content)
    path.chmod(0o600)
    rows = content.count(b"\n") - 1
    sha256 = await world.put_file("caseload", content, DINSOS)
    world.console.print(f"  [bold]{DINSOS}[/] uploads {name}: {rows} rows  [dim]caseload POST /v1/intake[/]")
    created = await world.post("caseload", "/v1/intake", {"sha256": sha256, "dry_run": False}, DINSOS)
    job = await watch_job(world, "caseload", created["job_id"], "intake", rows, DINSOS)
    world.check("the intake is done", job["state"], "DONE")
    errors = await world.pages("caseload", f"/v1/jobs/{created['job_id']}/errors", DINSOS)
    for item in errors:
        world.console.print(f"    [yellow]row {item['row']}, {item['column']}: {item['reason']['en']}[/]")
    await world.wait_until_delivered()
    return errors


async def watch_job(
    world: World, service: str, job_id: str, name: str, rows: int, who: str
) -> dict[str, Any]:
    """Show a job's progress until it ends, and return the job."""
    columns = (TextColumn(f"    {name}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=world.console) as progress:
        bar = progress.add_task(name, total=rows)

        async def ended() -> dict[str, Any] | None:
            job = await world.get(service, f"/v1/jobs/{job_id}", who)
            progress.update(bar, completed=job["done"] + job["refused"], total=job["total"] or rows)
            return job if job["state"] in ENDED else None

        job = await world.wait_for(f"the {name} to end", ended)
        progress.update(bar, completed=job["total"] or rows)
        return job
