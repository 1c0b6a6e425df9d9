// A pendamping's way from the families to a proposal, with types of openapi-typescript.
import createClient from "openapi-fetch";

import type { paths as CaseloadPaths } from "./generated/caseload.js";
import type { paths as GraduationPaths } from "./generated/graduation.js";
import type { paths as ReferralPaths } from "./generated/referral.js";
import { headers, key, must, scan, setting } from "./setting.js";

const caseload = createClient<CaseloadPaths>({ baseUrl: setting.urls.caseload, headers });
const graduation = createClient<GraduationPaths>({ baseUrl: setting.urls.graduation, headers });
const referral = createClient<ReferralPaths>({ baseUrl: setting.urls.referral, headers });

async function upload(): Promise<string> {
  const stored = await graduation.POST("/v1/files", {
    // The type of a binary body is `string`; the serializer passes the bytes on.
    body: scan() as unknown as string,
    bodySerializer: (body) => body as unknown as Blob,
    headers: { "Content-Type": "application/pdf" },
  });
  return must(stored).sha256;
}

const families = must(await caseload.GET("/v1/kpm", { params: { query: { limit: 50 } } })).items;
const open = must(await graduation.GET("/v1/graduasi", { params: { query: { limit: 200 } } })).items;
const taken = new Set(open.map((one) => one.kpm_id));
const family = families.find((one) => !taken.has(one.kpm_id));
if (family === undefined) throw new Error("no family is without a case");
const kpm_id = family.kpm_id;

const memberships = must(
  await caseload.GET("/v1/kpm/{kpm_id}/kepesertaan", { params: { path: { kpm_id } } }),
).items;
const pkh = memberships.find((one) => one.bansos === "PKH");
if (pkh === undefined) throw new Error("the family has no PKH");

const made = must(
  await graduation.POST("/v1/graduasi", {
    params: { header: { "Idempotency-Key": key() } },
    body: { kpm_id, kepesertaan_id: pkh.kepesertaan_id, exit_reason: "SEJAHTERA_MANDIRI" },
  }),
);
const graduasi_id = made.graduasi_id;

const photo = await upload();
const answers = Object.fromEntries(
  Object.entries(setting.answers).map(([code, value]) => [
    code,
    setting.withEvidence.includes(code) ? { value, evidence_sha256: photo } : { value },
  ]),
);
const assessed = must(
  await graduation.POST("/v1/graduasi/{graduasi_id}/asesmen", {
    params: { path: { graduasi_id }, header: { "Idempotency-Key": key() } },
    body: { answers },
  }),
);
if (assessed.result !== "SIAP") throw new Error(`the assessment is ${assessed.result}`);

const offers = must(await referral.GET("/v1/offer", { params: { query: { kpm_id } } }));
must(
  await graduation.POST("/v1/graduasi/{graduasi_id}/pernyataan", {
    params: { path: { graduasi_id }, header: { "Idempotency-Key": key() } },
    body: { signed_on: setting.today, evidence_sha256: await upload(), offers_sha256: offers.sha256 },
  }),
);
const proposed = must(
  await graduation.POST("/v1/graduasi/{graduasi_id}/proposal", {
    params: { path: { graduasi_id }, header: { "Idempotency-Key": key() } },
    body: {},
  }),
);
if (proposed.state !== "DIUSULKAN") throw new Error(`the case is ${proposed.state}`);

// The same proposal again is refused with a title that the client's types know.
const again = await graduation.POST("/v1/graduasi/{graduasi_id}/proposal", {
  params: { path: { graduasi_id }, header: { "Idempotency-Key": key() } },
  body: {},
});
if (again.error === undefined || again.error.remedy === undefined) throw new Error("no refusal with a remedy");
// The titles of this operation are a union: tsc refuses one that it cannot answer.
if (again.error.title !== "IllegalTransition") throw new Error(`refused as ${again.error.title}`);
console.log(`${proposed.state} ${graduasi_id}, again: ${again.error.title}`);
