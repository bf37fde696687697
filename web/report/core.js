"use strict";
/* What all parts share. Text from the data becomes text nodes, and nothing here makes elements of text. */
const byId = id => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const key in attributes) {
    const value = attributes[key];
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
/* What a stranger wrote: kept to itself where scripts of both directions meet. */
const bdi = text => el("bdi", null, String(text));
const code = text => el("code", null, bdi(text));
/* By hand: the browser's own way reads its tables of languages first, which takes longer than all the rest of the page. */
const number = n => String(n).replace(/\B(?=(?:\d{3})+$)/g, ",");
const plural = (n, one, many) => number(n) + " " + (n === 1 ? one : many);

function bytes(n) {
  if (n === null || n === undefined || n < 0) return "unknown";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  for (; n >= 1000 && at < units.length - 1; at++) n /= 1000;
  return (at === 0 ? String(n) : n.toFixed(1)) + " " + units[at];
}

/* Numbers inside of words sort as numbers. */
const natural = text => text.toLowerCase().replace(/[0-9]+/g, digits => digits.padStart(12, "0"));

/* ---- the data, as src/report/html-findings.c writes them ---------------------------------------------------------------------- */
const data = JSON.parse(byId("data").textContent);
const comparing = data.page === "compare";
const SEVERITIES = data.severities, KINDS = data.kinds, CHANGES = ["came", "went", "stayed"];
const FLAG = { kev: 1, ransomware: 2, suppressed: 4, gone: 8, base: 16 };

/* A finding is a number; what is known of it stands in columns of numbers, many of which stand for a text. */
const F = { severity: [], change: [], ...data.findings }, sums = data.sums;
const findings = new Int32Array(F.severity.length).map((_, i) => i);
const PLACE = { subject: 0, version: 1, type: 2, package: 3 };
const place = (f, cell) => data.places[F.place[f]][cell];
const subjectOf = f => data.strings[place(f, PLACE.subject)], versionOf = f => data.strings[place(f, PLACE.version)];
const typeOf = f => data.strings[place(f, PLACE.type)], packageOf = f => place(f, PLACE.package);
const fixedOf = f => data.strings[F.fixed[f]], statusOf = f => data.strings[F.status[f]];
const counted = f => !(F.flags[f] & FLAG.suppressed);

/* Behind this script, so that a page is there before all of it is, and packed, so that it takes little time to read: a line of JSON for each
 * name that is not in the data, for each text that is said more than once, for each finding's evidence. They are read when they are asked for. */
let rest = null;
async function unpack() {
  if (document.readyState === "loading") await new Promise(done => addEventListener("DOMContentLoaded", done, { once: true }));
  const packed = byId("packed").textContent;
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(packed) : new Uint8Array(Array.prototype.map.call(atob(packed), c => c.charCodeAt(0)));
  rest = (await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()).split("\n");
}
const unpacked = unpack();
/* What needs more than the first rows waits for the rest. */
const soon = action => rest ? action() : unpacked.then(action, () => null);

/* Ids, titles and other names: those of the first rows are in the data. */
const names = data.names, NAMES = names.length;
const nameOf = f => names[F.name[f]] || (names[F.name[f]] = JSON.parse(rest[F.name[f] - NAMES]));
const idOf = f => nameOf(f)[0], titleOf = f => nameOf(f)[1], aliasesOf = f => nameOf(f)[2] || "";

const packages = data.packages.map((r, index) => ({
  index, name: r[0], version: r[1], type: r[2], licence: r[3], layer: r[4], purl: r[5], change: r[6], from: r[7], count: 0, worst: -1,
}));

/* Licences that are told for completeness would hide all else in a map (oakum_html_weighs). */
const weighs = f => KINDS[F.kind[f]][0] !== "licence" || SEVERITIES[F.severity[f]] !== "negligible";
/* What each package has; not asked for before the page is painted. */
function countPackages() {
  for (const f of findings) {
    const at = packageOf(f);
    if (at < 0 || !counted(f) || !weighs(f)) continue;
    packages[at].count++;
    packages[at].worst = Math.max(packages[at].worst, F.severity[f]);
  }
}

const TEXTS = data.rest[0], DETAILS = TEXTS + data.rest[1];
/* The evidence of one finding: a line, in which a number stands for a text that is said more than once. */
function evidence(f) {
  const text = word => typeof word === "string" ? word : word === 0 ? "" : word === 1 ? idOf(f) : JSON.parse(rest[TEXTS + word - 2]);
  const row = JSON.parse(rest[DETAILS + f]), out = {};
  data.evidence.forEach((name, i) => { out[name] = text(row[i]); });
  const [paths, links, records] = row.slice(data.evidence.length).map(list => list.map(text));
  return { ...out, paths, links: inParts(links, 3), records: inParts(records, 7) };
}

function inParts(list, size) {
  const out = [];
  for (let i = 0; i < list.length; i += size) out.push(list.slice(i, i + size));
  return out;
}

const chip = severity => el("span", { class: "chip s" + severity }, SEVERITIES[severity]);
const layerName = index => "layer " + (index + 1);

/* A table that does not change. Cells are nodes or text. */
function plainTable(caption, heads, rows, numeric) {
  const table = el("table", null, el("caption", null, caption),
    el("thead", null, el("tr", null, ...heads.map((h, i) => el("th", { scope: "col", class: numeric && numeric[i] ? "num" : null }, h)))));
  const body = el("tbody");
  for (const row of rows)
    body.append(el("tr", null, ...row.map((cell, i) =>
      i === 0 ? el("th", { scope: "row" }, cell) : el("td", { class: numeric && numeric[i] ? "num" : null }, cell))));
  table.append(body);
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption }, table);
}
