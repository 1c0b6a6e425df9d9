"""Published events stay readable: golden samples, a snapshot of fields, generated documents."""

import copy
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from jsonschema import Draft202012Validator

from deploy.contracts import __main__ as tool
from deploy.contracts.asyncapi import document
from deploy.contracts.compatibility import Promise, breaks, promise_of, promises
from deploy.contracts.declarations import events, openapi_of
from deploy.contracts.references import claims_table, settings_table
from deploy.contracts.samples import sample_of
from deploy.contracts.table import event_table, with_tables
from services.registry import app as registry
from shared import transaction
from shared.access import tokens
from shared.access.claims import read_claims
from shared.events import BY_WIRE, Event, class_of
from shared.messaging import prepare
from shared.messaging.envelope import Record, parse
from shared.messaging.outbox import envelope
from shared.settings import Settings
from shared.transaction import Emitted

HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples").glob("*.json"))
WIRE = "graduation.kpm_graduated.v1"


def test_everything_published_is_current() -> None:
    stale = [
        path.name
        for path, text in tool.expected_files().items()
        if not path.exists() or path.read_text() != text
    ]
    assert stale == [], "run: python -m deploy.contracts"


def test_tables_of_a_released_revision_are_not_written_again() -> None:
    assert [path.name for path in tool.tables_of("registry")] == ["0001_tables.sql"]
    assert tool.tables_of("registry", unreleased=()) == {}


def test_each_event_version_has_its_sample_and_no_sample_is_without_an_event() -> None:
    assert {path.stem for path in SAMPLES} == set(events())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_of_the_past_is_read_by_todays_class(path: Path) -> None:
    sample = json.loads(path.read_text())
    kind = class_of(sample["type"])
    assert kind is not None
    read = kind.model_validate(sample["data"])
    assert read.key == sample["subject"]
    shown = read.model_dump(mode="json")
    assert {name: shown[name] for name in sample["data"]} == sample["data"]
    assert "UNKNOWN" not in json.dumps(shown)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_a_cloudevent_to_the_reference_library(path: Path) -> None:
    event = JSONFormat().read(CloudEvent, path.read_bytes())
    sample = json.loads(path.read_text())
    assert (event.get_specversion(), event.get_type(), event.get_id()) == ("1.0", path.stem, sample["id"])
    assert (event.get_source(), event.get_subject()) == (sample["source"], sample["subject"])
    assert event.get_data() == sample["data"]
    assert {"epoch", "seq", "actor", "correlationid"} <= set(event.get_attributes())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_has_the_envelope_that_the_outbox_writes(path: Path) -> None:
    sample = json.loads(path.read_text())
    kind = BY_WIRE[sample["type"]]
    actor = SimpleNamespace(sub=sample["actor"])
    context = SimpleNamespace(actor=actor, request_id=sample["correlationid"])
    session: Any = SimpleNamespace(info={transaction.KEY: context})
    at = JSONFormat().read(CloudEvent, path.read_bytes()).get_time()
    written = orjson.loads(
        envelope(
            session, Emitted(kind.model_validate(sample["data"]), at, None), UUID(sample["id"]), (1, 1), at
        )
    )
    # A field added since is written too; what was promised is written as it was.
    written["data"] = {name: written["data"][name] for name in sample["data"]}
    assert {name: written[name] for name in sample} == sample
    assert (
        parse(Record(kind.topic, 0, 0, sample["subject"], path.read_bytes())).event.key == sample["subject"]
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_prepared_event_has_the_same_bytes(path: Path) -> None:
    kind = BY_WIRE[json.loads(path.read_text())["type"]]
    event = kind.model_validate(json.loads(path.read_text())["data"])
    plain, python = event.model_dump(mode="json"), event.model_dump()
    objects = {name: value for name, value in python.items() if not isinstance(value, dict)}
    for values in (plain, plain | objects):
        prepared = prepare(kind, dict(reversed(values.items())))
        assert (prepared.data, prepared.key) == (event.data, event.key)
        assert (prepared.wire, prepared.topic) == (event.wire, event.topic)
    required = {name: value for name, value in plain.items() if kind.model_fields[name].is_required()}
    assert prepare(kind, required).data == kind.model_validate(required).data


def test_a_prepared_event_has_no_other_field() -> None:
    with pytest.raises(TypeError, match="PenugasanEnded has no"):
        prepare(BY_WIRE["registry.penugasan_ended.v1"], {"reason_text": "x"})


def test_an_existing_sample_is_never_rewritten() -> None:
    assert not any(path.parent.name == "samples" for path in tool.expected_files())


def test_fields_are_what_the_snapshot_promises() -> None:
    assert breaks(json.loads((HERE / "fields.json").read_text()), promises()) == []


def remove_field(today: dict[str, Promise]) -> None:
    del today[WIRE]["fields"]["effective_on"]


def rename_field(today: dict[str, Promise]) -> None:
    fields = today[WIRE]["fields"]
    fields["effective_from"] = fields.pop("effective_on") | {"required": False}


def retype_field(today: dict[str, Promise]) -> None:
    today[WIRE]["fields"]["effective_on"]["type"] = {"type": "string"}


def add_required_field(today: dict[str, Promise]) -> None:
    today[WIRE]["fields"]["tahap"] = {"type": {"type": "string"}, "required": True}


def require_field(today: dict[str, Promise]) -> None:
    today["graduation.graduasi_determined.v1"]["fields"]["pendamping_id"]["required"] = True


def remove_value(today: dict[str, Promise]) -> None:
    today[WIRE]["fields"]["exit_reason"]["type"]["enum"].remove("ALAMIAH")


def change_key(today: dict[str, Promise]) -> None:
    today[WIRE]["key"] = "graduasi_id"


def remove_event(today: dict[str, Promise]) -> None:
    del today[WIRE]


def retype_nested_field(today: dict[str, Promise]) -> None:
    desil = today["caseload.kpm_updated.v1"]["fields"]["desil"]["type"]["items"]
    desil["properties"]["value"]["type"] = {"type": "string"}


@pytest.mark.parametrize(
    ("plant", "sentence"),
    [
        (remove_field, f"{WIRE}.effective_on is removed"),
        (rename_field, f"{WIRE}.effective_on is removed"),
        (retype_field, f"{WIRE}.effective_on changes its type"),
        (add_required_field, f"{WIRE}.tahap is new and required"),
        (require_field, "graduation.graduasi_determined.v1.pendamping_id becomes required"),
        (remove_value, f"{WIRE}.exit_reason no longer has the value ALAMIAH"),
        (change_key, f"{WIRE} changes its key from kpm_id to graduasi_id"),
        (remove_event, f"{WIRE} is removed"),
        (retype_nested_field, "caseload.kpm_updated.v1.desil[].value changes its type"),
    ],
)
def test_a_planted_break_is_refused(plant: Callable[[dict[str, Promise]], None], sentence: str) -> None:
    today = copy.deepcopy(promises())
    plant(today)
    assert breaks(promises(), today) == [sentence]


def test_a_break_planted_in_a_class_is_refused_and_an_addition_is_not() -> None:
    class Once(Event):
        kpm_id: UUID
        month: int

    class Retyped(Event):
        kpm_id: UUID
        month: str

    class Wider(Once):
        cause: str | None = None

    assert breaks({"x": promise_of(Once)}, {"x": promise_of(Retyped)}) == ["x.month changes its type"]
    assert breaks({"x": promise_of(Once)}, {"x": promise_of(Wider)}) == []


def test_a_broken_promise_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    promised = promises()
    promised[WIRE]["fields"]["told_once"] = {"type": {"type": "string"}, "required": False}
    (tmp_path / "fields.json").write_text(json.dumps(promised))
    monkeypatch.setattr(tool, "SNAPSHOTS", tmp_path)
    assert tool.main([]) == 1
    assert f"{WIRE}.told_once is removed" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["fields.json"]


def test_what_is_not_current_is_named_and_then_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "expected_files", lambda: {tmp_path / "deep" / "asyncapi.json": "{}\n"})
    assert tool.main(["--check"]) == 1
    assert "deep/asyncapi.json is not current" in capsys.readouterr().err
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_the_published_asyncapi(path: Path) -> None:
    published = document()
    message = published["components"]["messages"][path.stem]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **message["payload"]}
    validator = Draft202012Validator(schema | {"components": published["components"]})
    assert list(validator.iter_errors(json.loads(path.read_text()))) == []
    wrong = json.loads(path.read_text()) | {"type": "another.event.v1"}
    assert list(validator.iter_errors(wrong)) != []


def test_asyncapi_has_no_broken_references() -> None:
    published = document()
    text = json.dumps(published)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
        place: Any = published
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    services = ("registry", "caseload", "graduation", "referral")
    topics = {f"pilar.{name}" for service in services for name in (service, f"audit.{service}")}
    assert set(published["channels"]) == topics | {"pilar.sealed"}


def test_the_table_is_written_between_its_markers_only() -> None:
    page = "# Pilar\n<!-- events -->\nold\n<!-- /events -->\nafter\n"
    assert with_tables(page) == f"# Pilar\n<!-- events -->\n{event_table()}\n<!-- /events -->\nafter\n"
    assert with_tables(with_tables(page)) == with_tables(page)
    assert with_tables("# Pilar\n") == "# Pilar\n"
    with pytest.raises(ValueError, match="without"):
        with_tables("<!-- events -->\n")


def test_the_table_has_every_event_once() -> None:
    rows = event_table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(events())


def test_samples_are_deterministic() -> None:
    for kind in events().values():
        assert sample_of(kind) == sample_of(kind)


def test_production_publishes_the_same_but_for_the_clock(tmp_path: Path) -> None:
    issuer = {"issuer": "https://issuer.example", "jwks_url": "https://issuer.example/keys"}
    settings = Settings.load_for("registry", keys_folder=tmp_path, **issuer)
    development, production = openapi_of("registry"), registry.build(settings).openapi()
    assert development["paths"].keys() - production["paths"].keys() == {"/v1/clock"}
    assert {path: development["paths"][path] for path in production["paths"]} == production["paths"]


def test_every_setting_is_described_and_shown_as_the_environment_has_it() -> None:
    rows = {row.split("`")[1]: row for row in settings_table().splitlines()[2:]}
    assert list(rows) == [f"PILAR_{name.upper()}" for name in Settings.model_fields]
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
    assert "| number from 1 to 200 | `10` |" in rows["PILAR_POOL_SIZE"]
    assert "| list | `443` |" in rows["PILAR_WEBHOOK_PORTS"]
    assert "| text, secret |  |" in rows["PILAR_KAFKA_PASSWORD"]
    assert "| `true` or `false` | `true` |" in rows["PILAR_DOCS"]


def test_claims_that_the_table_does_not_have_are_not_read() -> None:
    named = {row.split("`")[1]: 1 for row in claims_table().splitlines()[2:]}
    assert read_claims(named | {"email": 1}) == named
    source = inspect.getsource(tokens)
    assert [name for name in named if f'"{name}"' not in source and f"{name}=" not in source] == []
