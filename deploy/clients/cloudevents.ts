// Each sample of an event, as the message of Kafka that carries it, read by the CloudEvents SDK.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { CloudEvent, Kafka } from "cloudevents";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: cloudevents FOLDER");
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
for (const name of names) {
  const body = readFileSync(join(folder, name), "utf-8");
  const sample = JSON.parse(body) as { id: string; type: string; data: unknown };
  const headers = { "content-type": "application/cloudevents+json" };
  const message = { headers, key: "key", value: body, body, timestamp: "0" };
  const event = Kafka.toEvent(message) as CloudEvent<unknown>;
  if (event.id !== sample.id || event.type !== sample.type || !event.validate()) throw new Error(name);
  if (JSON.stringify(event.data) !== JSON.stringify(sample.data)) throw new Error(`${name}: data differs`);
}
console.log(`${names.length} samples are CloudEvents`);
