// The same way as flow-openapi-fetch.ts, with the clients of @hey-api/openapi-ts.
import { client as caseloadClient } from "./generated/hey-caseload/client.gen.js";
import { listKepesertaan, listKpm } from "./generated/hey-caseload/sdk.gen.js";
import { client as graduationClient } from "./generated/hey-graduation/client.gen.js";
import {
  assessGraduasi,
  listGraduasi,
  openGraduasi,
  proposeGraduasi,
  putFile,
  signPernyataan,
} from "./generated/hey-graduation/sdk.gen.js";
import { client as referralClient } from "./generated/hey-referral/client.gen.js";
import { listOffers } from "./generated/hey-referral/sdk.gen.js";
import { headers, key, must, scan, setting } from "./setting.js";

caseloadClient.setConfig({ baseUrl: setting.urls.caseload, headers });
graduationClient.setConfig({ baseUrl: setting.urls.graduation, headers });
referralClient.setConfig({ baseUrl: setting.urls.referral, headers });

async function upload(): Promise<string> {
  return must(await putFile({ body: scan(), headers: { "Content-Type": "application/pdf" } })).sha256;
}

const families = must(await listKpm({ query: { limit: 50 } })).items;
const open = must(await listGraduasi({ query: { limit: 200 } })).items;
const taken = new Set(open.map((one) => one.kpm_id));
const family = families.find((one) => !taken.has(one.kpm_id));
if (family === undefined) throw new Error("no family is without a case");
const kpm_id = family.kpm_id;

const memberships = must(await listKepesertaan({ path: { kpm_id } })).items;
const pkh = memberships.find((one) => one.bansos === "PKH");
if (pkh === undefined) throw new Error("the family has no PKH");

const { graduasi_id } = must(
  await openGraduasi({
    headers: { "Idempotency-Key": key() },
    body: { kpm_id, kepesertaan_id: pkh.kepesertaan_id, exit_reason: "SEJAHTERA_MANDIRI" },
  }),
);
const photo = await upload();
const answers = Object.fromEntries(
  Object.entries(setting.answers).map(([code, value]) => [
    code,
    setting.withEvidence.includes(code) ? { value, evidence_sha256: photo } : { value },
  ]),
);
const path = { graduasi_id };
must(await assessGraduasi({ path, headers: { "Idempotency-Key": key() }, body: { answers } }));
const offers = must(await listOffers({ query: { kpm_id } }));
must(
  await signPernyataan({
    path,
    headers: { "Idempotency-Key": key() },
    body: { signed_on: setting.today, evidence_sha256: await upload(), offers_sha256: offers.sha256 },
  }),
);
const proposed = must(await proposeGraduasi({ path, headers: { "Idempotency-Key": key() }, body: {} }));
if (proposed.state !== "DIUSULKAN") throw new Error(`the case is ${proposed.state}`);
const again = await proposeGraduasi({ path, headers: { "Idempotency-Key": key() }, body: {} });
if (again.error === undefined || again.error.remedy === undefined) throw new Error("no refusal with a remedy");
console.log(`${proposed.state} ${graduasi_id}, again: ${again.error.title}`);
