// asyncapi.json through the official parser: no error and no warning.
import { readFileSync } from "node:fs";

import { Parser } from "@asyncapi/parser";

const file = process.argv[2];
if (file === undefined) throw new Error("usage: asyncapi FILE");
const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf-8"));
for (const one of diagnostics) console.error(`${one.path.join(".")}: ${one.message}`);
if (document === undefined || diagnostics.length > 0) process.exit(1);
console.log(`${document.allMessages().length} messages in ${document.allChannels().length} topics`);
