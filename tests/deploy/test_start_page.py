"""What the start page shows of the demonstration accounts."""

from pathlib import Path

from deploy.local.data_folder import DataFolder
from deploy.local.start_page import StartPage


def test_page_names_the_partner_of_an_account(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.save_person("scenario-2", kpm_id="1")
    for name in ("PLUT", "BANK_KUR", "partner-1"):
        folder.save_person(name, partner_id="2" if name == "PLUT" else "3")
    page = StartPage(folder)
    assert (page.partner_of("partner-1"), page.partner_of("kemensos-1")) == ("BANK_KUR", None)
