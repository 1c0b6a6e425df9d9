from services.registry.tables import Table
from shared.database.models import load_models
from shared.migrating import run

load_models("registry")
run("registry", Table.metadata)
