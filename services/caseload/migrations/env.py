from shared.migrating import run

run("caseload")
