from shared.migrating import run

run("registry")
