"""AsyncAPI 3 from the event classes: topics, messages in their CloudEvents envelope, who sends and who receives."""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import models_json_schema

from deploy.contracts.declarations import events, publisher_of, sentence_of, subscriptions
from deploy.services import SERVICES
from shared.events import SEALED_KEPT, SEALED_TOPIC, Event
from shared.schema import SHARDS

SEALED_KEPT_MS = SEALED_KEPT // timedelta(milliseconds=1)
FOR_EVER_MS = -1


def document() -> dict[str, Any]:
    """Return the AsyncAPI document of everything that crosses a service."""
    kinds = events()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Pilar",
            "version": "1.0.0",
            "description": "Facts between the four services. Additive only: unknown fields are ignored, unknown enum "
            "values read as UNKNOWN. People are ids; no NIK, No. KK, name, phone or address travels in clear.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels(kinds),
        "operations": sending(kinds) | receiving(),
        "components": {
            "messages": {wire: message(kind) for wire, kind in kinds.items()},
            "schemas": schemas(kinds) | {"Envelope": ENVELOPE},
        },
    }


def channels(kinds: dict[str, type[Event]]) -> dict[str, Any]:
    """Return the topics with the messages that each carries."""
    found: dict[str, Any] = {}
    for wire, kind in kinds.items():
        topic = found.setdefault(kind.topic, channel(kind.topic, publisher_of(wire)))
        topic["messages"][wire] = {"$ref": f"#/components/messages/{wire}"}
    return found


def channel(topic: str, service: str) -> dict[str, Any]:
    """Return one topic, as Kafka is to make it."""
    sealed = topic == SEALED_TOPIC
    kept = (
        "Identities sealed to one recipient, for seven days"
        if sealed
        else f"What {service} tells, kept for ever"
    )
    settings = {"cleanup.policy": ["delete"], "retention.ms": SEALED_KEPT_MS if sealed else FOR_EVER_MS}
    return {
        "address": topic,
        "description": f"{kept}. In order within a key.",
        "messages": {},
        "bindings": {"kafka": {"topic": topic, "partitions": SHARDS, "topicConfiguration": settings}},
    }


def sending(kinds: dict[str, type[Event]]) -> dict[str, Any]:
    """Return one operation a publisher and topic."""
    found: dict[str, Any] = {}
    for wire, kind in kinds.items():
        name = f"{publisher_of(wire)}.tells.{kind.topic.partition('.')[2]}"
        found.setdefault(name, operation("send", kind.topic))["messages"].append(message_in(kind.topic, wire))
    return found


def receiving() -> dict[str, Any]:
    """Return one operation a subscription and topic, named as its Kafka group."""
    found: dict[str, Any] = {}
    known = events()
    for service in SERVICES:
        for subscription in subscriptions()[service]:
            for topic in subscription.topics:
                heard = [wire for wire in subscription.handlers if known[wire].topic == topic]
                made = operation("receive", topic) | {"summary": f"A {subscription.kind} of {service}."}
                made["messages"] = [message_in(topic, wire) for wire in sorted(heard)]
                found[f"{service}.{subscription.name}.{topic.partition('.')[2]}"] = made
    return found


def operation(action: str, topic: str) -> dict[str, Any]:
    """Return an operation on a topic, without messages yet."""
    return {"action": action, "channel": {"$ref": f"#/channels/{topic}"}, "messages": []}


def message_in(topic: str, wire: str) -> dict[str, str]:
    """Return the reference to a message of a channel."""
    return {"$ref": f"#/channels/{topic}/messages/{wire}"}


def message(kind: type[Event]) -> dict[str, Any]:
    """Return one message: the envelope with this event's type and data."""
    own = {"type": {"const": kind.wire}, "data": {"$ref": f"#/components/schemas/{kind.__name__}"}}
    return {
        "name": kind.wire,
        "title": kind.__name__,
        "summary": sentence_of(kind),
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/Envelope"}, {"type": "object", "properties": own}]
        },
        "bindings": {
            "kafka": {"key": {"type": "string", "format": "uuid", "description": f"`{kind.key_field}`"}}
        },
    }


def schemas(kinds: dict[str, type[Event]]) -> dict[str, Any]:
    """Return the data of every event and the kinds that they use, as publishers write them."""
    _, combined = models_json_schema(
        [(kind, "serialization") for kind in kinds.values()], ref_template="#/components/schemas/{model}"
    )
    return dict(sorted(combined["$defs"].items()))


ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0, structured JSON. (`epoch`, `seq`) is the fact's position in the stream of its "
    "topic and `subject`; `time` is business time.",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "examples": ["urn:pilar:graduation"]},
        "type": {"type": "string"},
        "subject": {"type": "string", "description": "The stream's key"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "examples": ["urn:pilar:schema:graduation.kpm_graduated.v1"]},
        "epoch": {"type": "integer", "minimum": 1},
        "seq": {"type": "integer", "minimum": 1},
        "actor": {"type": "string", "description": "The account behind it; never a name"},
        "correlationid": {"type": "string"},
        "causationid": {"type": "string"},
        "data": {"type": "object"},
    },
    "required": ["specversion", "id", "source", "type", "subject", "time", "epoch", "seq", "data"],
}
