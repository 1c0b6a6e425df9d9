from services.registry.models import Table
from shared.migrating import run

run("registry", Table.metadata)
