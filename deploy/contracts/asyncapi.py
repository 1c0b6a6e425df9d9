"""AsyncAPI 3 document from the event classes and the subscriptions."""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import models_json_schema

from deploy.contracts.declarations import (
    events,
    publisher_of,
    readers,
    sentence_of,
    subscriptions,
    used_by_line,
)
from deploy.contracts.samples import sample_of
from deploy.services import SERVICES
from shared.events import SEALED_RETENTION, SEALED_TOPIC, Event
from shared.http.descriptions import describe_fields
from shared.http.labels import label_enums
from shared.schema import SHARDS

SEALED_RETENTION_MS = SEALED_RETENTION // timedelta(milliseconds=1)
UNLIMITED_MS = -1
CONTENT_TYPE = "application/cloudevents+json"


def document() -> dict[str, Any]:
    """Return the AsyncAPI document of all events between services."""
    kinds = events()
    published: dict[str, Any] = {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Pilar",
            "version": "1.0.0",
            "description": "Events between the four services. Changes only add: readers ignore unknown fields and read "
            "unknown enum values as UNKNOWN: do not refuse an event for a value that its enum does not list. People are ids. No event has a NIK, No. KK, name, phone or address in clear.",
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"kafka": SERVER, "development": DEVELOPMENT_SERVER},
        "channels": channels(kinds),
        "operations": sending(kinds) | receiving(),
        "components": {
            "messages": {wire: message(kind) for wire, kind in kinds.items()},
            "schemas": schemas(kinds) | {"Envelope": ENVELOPE, "Headers": HEADERS},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
    label_enums(published)
    return published


def channels(kinds: dict[str, type[Event]]) -> dict[str, Any]:
    """Return the topics with their messages."""
    topics: dict[str, Any] = {}
    for wire, kind in kinds.items():
        topic = topics.setdefault(kind.topic, channel(kind.topic, publisher_of(wire)))
        topic["messages"][wire] = {"$ref": f"#/components/messages/{wire}"}
    return topics


def channel(topic: str, service: str) -> dict[str, Any]:
    """Return one topic with its Kafka settings."""
    sealed = topic == SEALED_TOPIC
    content = (
        "Identities sealed to one recipient, retained for seven days"
        if sealed
        else f"Events of {service}, retained without limit"
    )
    settings = {"cleanup.policy": ["delete"], "retention.ms": SEALED_RETENTION_MS if sealed else UNLIMITED_MS}
    return {
        "address": topic,
        "description": f"{content}. Ordered within a key.",
        "messages": {},
        "bindings": {"kafka": {"topic": topic, "partitions": SHARDS, "topicConfiguration": settings}},
    }


def sending(kinds: dict[str, type[Event]]) -> dict[str, Any]:
    """Return one operation per publisher and topic."""
    operations: dict[str, Any] = {}
    for wire, kind in kinds.items():
        name = f"{publisher_of(wire)}.publishes.{kind.topic.partition('.')[2]}"
        operations.setdefault(name, operation("send", kind.topic))["messages"].append(
            message_in(kind.topic, wire)
        )
    return operations


def receiving() -> dict[str, Any]:
    """Return one operation per subscription and topic, named as its Kafka group."""
    operations: dict[str, Any] = {}
    kinds = events()
    for service in SERVICES:
        for subscription in subscriptions()[service]:
            for topic in subscription.topics:
                handled = [wire for wire in subscription.handlers if kinds[wire].topic == topic]
                received = operation("receive", topic) | {"summary": f"A {subscription.kind} of {service}."}
                received["messages"] = [message_in(topic, wire) for wire in sorted(handled)]
                operations[f"{service}.{subscription.name}.{topic.partition('.')[2]}"] = received
    return operations


def operation(action: str, topic: str) -> dict[str, Any]:
    """Return an operation on a topic, with an empty list of messages."""
    return {"action": action, "channel": {"$ref": f"#/channels/{topic}"}, "messages": []}


def message_in(topic: str, wire: str) -> dict[str, str]:
    """Return the reference to a message of a channel."""
    return {"$ref": f"#/channels/{topic}/messages/{wire}"}


def message(kind: type[Event]) -> dict[str, Any]:
    """Return one message: the envelope with this event's type and data."""
    properties = {"type": {"const": kind.wire}, "data": {"$ref": f"#/components/schemas/{kind.__name__}"}}
    return {
        "name": kind.wire,
        "title": kind.__name__,
        "summary": sentence_of(kind),
        "description": used_by_line(readers().get(kind.wire, [])),
        "contentType": CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/Headers"},
        "correlationId": {
            "description": "The request with which a chain of events began.",
            "location": "$message.payload#/correlationid",
        },
        "examples": [{"name": kind.wire, "payload": sample_of(kind)}],
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/Envelope"}, {"type": "object", "properties": properties}]
        },
        "bindings": {"kafka": {"key": key_of(kind)}},
    }


def key_of(kind: type[Event]) -> dict[str, Any]:
    """Return the schema of the record's key. Audit blocks have the service."""
    described = {"type": "string", "description": f"`{kind.key_field}`"}
    if kind.key_field == "service":
        return described | {"const": publisher_of(kind.wire)}
    return described | {"format": "uuid"}


def schemas(kinds: dict[str, type[Event]]) -> dict[str, Any]:
    """Return the schemas of all events' data and of the kinds that they use."""
    _, combined = models_json_schema(
        [(kind, "serialization") for kind in kinds.values()], ref_template="#/components/schemas/{model}"
    )
    definitions = combined["$defs"]
    for kind in kinds.values():
        # Not the docstring: its `Used by` line is one run behind when a subscription has changed.
        definitions[kind.__name__]["description"] = sentence_of(kind)
    describe_fields(definitions, "events")
    return dict(sorted(definitions.items()))


SECURITY_SCHEMES: dict[str, Any] = {
    "scram": {"type": "scramSha512", "description": "An account and its password over TLS (`SASL_SSL`)."},
    "certificate": {"type": "X509", "description": "A certificate of the client (`SSL`)."},
}
SERVER: dict[str, Any] = {
    "host": "{bootstrap}",
    "protocol": "kafka-secure",
    "description": "The Kafka cluster of an installation. The operator gives the address, the CA, and an account or a "
    "certificate. Brokers in a closed network may ask for neither TLS nor an account.",
    "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("scram", "certificate")],
    "variables": {
        "bootstrap": {
            "default": "kafka:9092",
            "description": "Address of one broker, as in PILAR_KAFKA_BOOTSTRAP",
        }
    },
}
DEVELOPMENT_SERVER: dict[str, Any] = {
    "host": "127.0.0.1:{port}",
    "protocol": "kafka",
    "description": "The broker of `make up TRANSPORT=kafka`, without TLS and accounts.",
    "variables": {"port": {"default": "9092", "description": "Port that `make up` prints"}},
}
HEADERS: dict[str, Any] = {
    "type": "object",
    "description": "Headers of the CloudEvents Kafka binding in structured mode, and of W3C Trace Context.",
    "properties": {
        "content-type": {"const": CONTENT_TYPE, "description": "A structured CloudEvent"},
        "traceparent": {"type": "string", "description": "As in the envelope"},
    },
    "required": ["content-type"],
}
ENVELOPE: dict[str, Any] = {
    "title": "Envelope",
    "type": "object",
    "description": "CloudEvents 1.0, structured JSON. (`epoch`, `seq`) is the event's position in the stream of its "
    "topic and `subject`. `time` is business time.",
    "properties": {
        "specversion": {"const": "1.0", "description": "Version of CloudEvents"},
        "id": {"type": "string", "format": "uuid", "description": "The event"},
        "source": {"type": "string", "description": "The publisher", "examples": ["urn:pilar:graduation"]},
        "type": {"type": "string", "description": "Service, fact and version"},
        "subject": {"type": "string", "description": "The stream's key"},
        "time": {
            "type": "string",
            "format": "date-time",
            "description": "When it happened: business time in UTC",
        },
        "datacontenttype": {"const": "application/json", "description": "The form of `data`"},
        "dataschema": {
            "type": "string",
            "description": "Name of the schema of `data`",
            "examples": ["urn:pilar:schema:graduation.kpm_graduated.v1"],
        },
        "epoch": {"type": "integer", "minimum": 1, "description": "1 until a restore from backup raises it"},
        "seq": {
            "type": "integer",
            "minimum": 1,
            "description": "Counts the events of topic and key without gaps; `pilar.sealed` has gaps, because its "
            "records expire",
        },
        "actor": {"type": "string", "description": "The account that caused the event, never a name"},
        "correlationid": {
            "type": "string",
            "description": "The request or event with which a chain of events began",
        },
        "causationid": {"type": "string", "description": "The event that this one answers"},
        "traceparent": {
            "type": "string",
            "description": "W3C Trace Context, where Pilar sends traces",
            "examples": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        },
        "data": {"type": "object", "description": "The fields of the fact"},
    },
    "required": [
        *("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"),
        *("epoch", "seq", "actor", "correlationid", "data"),
    ],
}
