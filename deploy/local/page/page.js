"use strict";
const SERVICES = {
  registry: ["Pendamping, their placements and their scores.", ["granted", "reversed", "net"]],
  caseload: ["Families, their memberships and visits.", ["ended"]],
  graduation: ["Graduation cases, their decisions and evidence.", ["determined", "annulled", "effective"]],
  referral: ["Programs, offers to families and their outcomes.", ["opened", "withdrawn", "live"]],
};
const CHAIN = ["graduation", "caseload", "registry", "referral"];
const COUNTED = { registry: "credits", caseload: "kepesertaan", graduation: "cases", referral: "rujukan" };
const at = (id) => document.getElementById(id);

function make(name, text, more = {}) {
  const element = Object.assign(document.createElement(name), more);
  element.append(...[text].flat().filter((part) => part !== undefined && part !== null));
  return element;
}

function drawServices(docs) {
  at("services").replaceChildren(...Object.entries(SERVICES).map(([name, [sentence]]) => make("article", [
    make("h3", [name, make("span", "…", { id: `up-${name}` })]),
    make("p", sentence),
    make("a", "Open its API", { href: docs[name] }),
    make("dl", ["unsent", "lag", "parked"].map((what) => make("div", [
      make("dt", what), make("dd", "–", { id: `${what}-${name}` })])), { className: "depths" }),
  ], { className: "card" })));
}

function drawTokens(tokens) {
  at("tokens").replaceChildren(...tokens.map((token) => {
    const button = make("button", token.ready ? "Copy" : "Not registered yet", { type: "button", disabled: !token.ready });
    button.setAttribute("aria-label", `Copy the token of ${token.name}`);
    button.addEventListener("click", () => copy(token.name, button));
    return make("li", [make("div", [token.name, make("small", `${token.role} · ${token.partner ?? token.areas}`)]), button]);
  }));
}

async function copy(name, button) {
  const answer = await fetch(`/tokens/${name}`, { method: "POST" });
  await navigator.clipboard.writeText(await answer.text());
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function drawChain(services) {
  const counted = (name) => services[name].numbers?.by_exit_reason ?? {};
  const reasons = [...new Set(CHAIN.flatMap((name) => Object.keys(counted(name))))].sort();
  at("empty").hidden = reasons.length > 0;
  at("chain").replaceChildren(...CHAIN.map((name) => {
    const words = SERVICES[name][1];
    const row = (label, numbers, className) => make("tr", [
      make("th", label, { scope: "row" }), ...words.map((word) => number(numbers?.[word], className))]);
    return make("article", make("table", [
      make("caption", [name, make("span", COUNTED[name])]),
      make("thead", make("tr", ["", ...words].map((word) => make("th", word, { scope: "col" })))),
      make("tbody", [
        ...reasons.map((reason) => row(reason.replaceAll("_", " ").toLowerCase(), counted(name)[reason] ?? {}, "")),
        row("total", services[name].numbers?.totals, "total"),
      ]),
    ]), { className: "card" });
  }));
}

function number(value, className) {
  const text = value === undefined ? "–" : value.toLocaleString("en");
  return make("td", text, { className: value ? className : `${className} none` });
}

function drawDepths(services) {
  for (const [name, service] of Object.entries(services)) {
    const up = at(`up-${name}`);
    up.textContent = service.up ? "ready" : "not answering";
    up.className = service.up ? "up" : "down";
    for (const what of ["unsent", "lag", "parked"]) {
      const cell = at(`${what}-${name}`);
      cell.textContent = service[what] ?? "–";
      cell.className = what === "parked" && service.parked ? "bad" : "";
    }
  }
  const up = Object.values(services).filter((service) => service.up).length;
  at("alive").textContent = up === 4 ? "All four services answer" : `${up} of 4 services answer`;
  at("today").textContent = Object.values(services).find((service) => service.today)?.today ?? "unknown";
}

async function refresh() {
  try {
    const { services } = await (await fetch("/live")).json();
    drawDepths(services);
    drawChain(services);
  } catch {
    at("alive").textContent = "Pilar is not running. Start it with make up.";
  }
}

// Pendamping and partners get their ids during the demonstration, while the page is open.
async function refreshTokens(about) {
  if (about.tokens.every((token) => token.ready)) return;
  const response = await fetch("/about").catch(() => null);
  const tokens = response?.ok ? (await response.json()).tokens : about.tokens;
  if (tokens.some((token, i) => token.ready !== about.tokens[i].ready)) drawTokens(tokens);
  about.tokens = tokens;
}

async function start() {
  const about = await (await fetch("/about")).json();
  at("start").textContent = location.origin;
  at("transport").textContent = about.transport === "kafka" ? "Kafka" : "in process";
  at("folder").textContent = about.folder;
  at("logs").textContent = about.logs;
  drawServices(about.docs);
  drawTokens(about.tokens);
  for (;;) {
    await refresh();
    await refreshTokens(about);
    await new Promise((done) => setTimeout(done, 2000));
  }
}

start();
