"""A file of families as Dinsos takes it in, watched until its job ends."""

from __future__ import annotations

from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo.people import DINSOS
from deploy.demo.world import World

ENDED = frozenset({"DONE", "FAILED", "CANCELLED"})


async def take_in(world: World, name: str, content: bytes) -> list[dict[str, Any]]:
    """Upload the file, ask for its intake, and return the rows that were refused, printed with their reasons."""
    path = world.place.folder / name
    path.write_bytes(content)
    path.chmod(0o600)
    rows = content.count(b"\n") - 1
    sha256 = await world.put_file("caseload", content, DINSOS)
    world.console.print(f"  [bold]{DINSOS}[/] takes in {name}: {rows} rows  [dim]caseload POST /v1/intake[/]")
    asked = await world.post("caseload", "/v1/intake", {"sha256": sha256, "dry_run": False}, DINSOS)
    job = await watch(world, "caseload", asked["job_id"], "intake", rows, DINSOS)
    world.check("the intake is done", job["state"], "DONE")
    errors = await world.pages("caseload", f"/v1/jobs/{asked['job_id']}/errors", DINSOS)
    for item in errors:
        world.console.print(f"    [yellow]row {item['row']}, {item['column']}: {item['reason']['en']}[/]")
    await world.heard()
    return errors


async def watch(world: World, service: str, job_id: str, what: str, rows: int, who: str) -> dict[str, Any]:
    """Show a job's progress until it ends; return it."""
    columns = (TextColumn(f"    {what}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=world.console) as progress:
        bar = progress.add_task(what, total=rows)

        async def ended() -> dict[str, Any] | None:
            job = await world.get(service, f"/v1/jobs/{job_id}", who)
            progress.update(bar, completed=job["done"] + job["refused"], total=job["total"] or rows)
            return job if job["state"] in ENDED else None

        job = await world.until(f"the {what} to end", ended)
        progress.update(bar, completed=job["total"] or rows)
        return job
