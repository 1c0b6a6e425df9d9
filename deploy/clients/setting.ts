// What the driver (deploy/clients/flows.py) passes to each flow.
import { readFileSync } from "node:fs";

interface Setting {
  urls: Record<"registry" | "caseload" | "graduation" | "referral", string>;
  token: string;
  today: string;
  answers: Record<string, number | boolean>;
  withEvidence: string[];
}

export const setting = JSON.parse(readFileSync(0, "utf-8")) as Setting;
export const headers = { Authorization: `Bearer ${setting.token}` };

export function key(): string {
  return crypto.randomUUID();
}

// A PDF of one page that differs in each call, because one file is evidence for one case.
export function scan(): Blob {
  return new Blob([`%PDF-1.4\n% ${key()}\n%%EOF\n`], { type: "application/pdf" });
}

export function must<Value>(answer: { data?: Value | undefined; error?: unknown }): Value {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}
