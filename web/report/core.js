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
const number = n => n.toLocaleString("en");
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

const data = JSON.parse(byId("data").textContent);
const SEVERITIES = data.severities, KINDS = data.kinds, CHANGES = ["came", "went", "stayed"];
const FLAG = { kev: 1, ransomware: 2, suppressed: 4, gone: 8, base: 16 };

/* Rows as the program writes them (src/report/html.c) to objects. */
const findings = data.findings.map((r, index) => ({
  index, kind: r[0], severity: r[1], id: r[2], title: r[3], subject: r[4], version: r[5], fixed: r[6], flags: r[7],
  layer: r[8], line: r[9], risk: r[10], epss: r[11], status: r[12], package: r[13], type: r[14], aliases: r[15], change: r[16], group: r[17],
}));
const packages = data.packages.map((r, index) => ({
  index, name: r[0], version: r[1], type: r[2], licence: r[3], layer: r[4], purl: r[5], change: r[6], from: r[7], count: 0, worst: -1,
}));
for (const f of findings)
  if (f.package >= 0 && !(f.flags & FLAG.suppressed) && f.change !== 1) {
    const p = packages[f.package];
    p.count++;
    p.worst = Math.max(p.worst, f.severity);
  }

let lines = null;
/* The evidence of one finding: a line of its own block, which stands behind this script, so that the page is there before all of it is,
 * and is read when somebody asks. */
function evidence(finding) {
  if (document.readyState === "loading") return { why: "still being loaded: fold and unfold this again" };
  if (!lines) lines = byId("details").textContent.split("\n");
  return JSON.parse(lines[finding.index]);
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
