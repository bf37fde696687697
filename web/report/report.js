/* The page itself. */
const state = { text: "", fixable: false, kev: false, suppressed: false, own: false, type: "", layer: "", pick: null };
let table = null, packageTable = null, haystacks = null;

/* ---- head and summary --------------------------------------------------------------------------------------------------------- */
function drawHead() {
  byId("brand").textContent = "oakum " + data.version + (comparing ? ": two images compared" : ": what is in an image");
  const target = byId("target");
  target.append(bdi(data.target));
  if (comparing) target.append(" \u2192 ", bdi(data.to));
  const verdict = data.verdict;
  if (verdict) {
    const words = { pass: "Passed", fail: "Refused", unknown: "Not known" };
    const box = el("div", { class: "verdict " + verdict.kind }, el("p", null, el("strong", null, "Verdict: " + words[verdict.kind])));
    if (verdict.reasons.length > 0) box.append(el("ul", null, ...verdict.reasons.map(r => el("li", null, bdi(r)))));
    else box.append(el("p", null, "Nothing that was asked for speaks against it."));
    if (verdict.rules && verdict.rules.length > 0)
      box.append(el("details", null, el("summary", null, plural(verdict.rules.length, "rule", "rules") + " of the policy"),
        plainTable("Rules of the policy, and what each saw", ["Rule", "Verdict", "Findings", "Not known", "Allowed", "First of them"],
          verdict.rules.map(([name, word, count, saw, unsure, most]) =>
            [bdi(name), word, number(count), number(unsure), number(most), el("ul", null, ...saw.map(s => el("li", null, bdi(s))))]), [false, false, true, true, true, false])));
    if (verdict.notes && verdict.notes.length > 0) box.append(el("ul", null, ...verdict.notes.map(n => el("li", null, bdi(n)))));
    byId("verdict").append(box);
  }
  byId("foot").append(data.foot);
}

function drawFacts() {
  if (comparing) {
    byId("facts").append(plainTable("Before and after", ["What", "Before", "After", "Difference"],
      data.facts.map(f => [f[0], bdi(f[1]), bdi(f[2]), f[3] || ""]), [false, false, false, false]));
    return;
  }
  byId("summary").classList.add("beside");
  const list = el("dl");
  for (const [name, value] of data.facts) list.append(el("dt", null, name), el("dd", null, name === "Digest" ? code(value) : bdi(value)));
  byId("facts").append(list);
}

function drawBars() {
  const add = (a, b) => a.map((n, i) => n + b[i]);
  const [came, went, stayed] = CHANGES.map((_, i) => sums.counts.map(changes => changes[i]).reduce(add));
  const rows = comparing ? [["before", add(went, stayed)], ["after", add(came, stayed)], ["came", came], ["went", went], ["stayed", stayed]] : KINDS.map((kind, i) => [kind[1], sums.counts[i][0]]);
  const all = rows.map(([name, counts]) => ({ name, counts, total: counts.reduce((a, b) => a + b, 0) })).filter((r, i) => r.total > 0 || (comparing && i < 2));
  if (all.every(r => r.total === 0)) {
    byId("bars").append(el("p", null, "Nothing was found."));
    return;
  }
  const most = Math.max(...all.map(r => r.total)), grid = el("div", { class: "bars" });
  const told = c => SEVERITIES.map((s, i) => c[i] ? number(c[i]) + " " + s : "").filter(t => t).reverse().join(", ");
  for (const r of all)
    grid.append(el("span", null, r.name), severityBar(r.counts, most, r.name + ": " + told(r.counts)), el("span", { class: "told" }, told(r.counts) || "none"));
  byId("bars").append(el("h3", null, comparing ? "Findings before and after" : "Findings by kind and severity"), grid);
}

/* ---- filters ------------------------------------------------------------------------------------------------------------------ */
const DIMENSIONS = { text: 1, kinds: 2, severities: 4, changes: 8, other: 16 };

function haystack(f) {
  return [idOf(f), aliasesOf(f), subjectOf(f), versionOf(f), fixedOf(f), titleOf(f), statusOf(f)].join(" ").toLowerCase();
}

const facets = [];
const showCounts = (facet, counts) => facet.buttons.forEach((b, i) => { b.lastChild.data = " " + number(counts[i]); });
let fresh = true; /* nothing was filtered yet: the sums are known */
function apply() {
  if (fresh) {
    fresh = false;
    for (const facet of facets) showCounts(facet, facet.totals);
    table.filter(sums.suppressed === 0 ? null : counted);
  } else soon(filter);
}

/* Which dimensions speak against each row: one pass gives what is shown, and what each button would show. */
function filter() {
  const words = state.text.toLowerCase().split(/\s+/).filter(w => w);
  if (words.length > 0 && !haystacks) haystacks = Array.from(findings, haystack);
  const needed = (state.kev ? FLAG.kev : 0), unwanted = (state.suppressed ? 0 : FLAG.suppressed) | (state.own ? FLAG.base : 0);
  const layer = state.layer === "" ? -1 : Number(state.layer), { flags, fixed, place: at, layer: layers } = F;
  const elsewhere = data.places.map(p => (state.type !== "" && data.strings[p[PLACE.type]] !== state.type) || (state.pick !== null && !state.pick.of(p)));
  for (const facet of facets) facet.counts.fill(0);
  const shown = new Uint8Array(findings.length);
  for (let f = 0; f < shown.length; f++) {
    let miss = 0;
    if (words.length > 0 && !words.every(w => haystacks[f].includes(w))) miss = DIMENSIONS.text;
    if ((flags[f] & unwanted) || (flags[f] & needed) !== needed || (state.fixable && fixed[f] === 0) || (layer >= 0 && layers[f] !== layer) || elsewhere[at[f]])
      miss |= DIMENSIONS.other;
    for (let i = 0; i < facets.length; i++) if (facets[i].some && !facets[i].on[facets[i].column[f]]) miss |= facets[i].bit;
    for (let i = 0; i < facets.length; i++) if ((miss & ~facets[i].bit) === 0) facets[i].counts[facets[i].column[f]]++;
    shown[f] = miss === 0;
  }
  for (const facet of facets) showCounts(facet, facet.counts);
  byId("picked").hidden = state.pick === null;
  if (state.pick) byId("picked").replaceChildren("Only ", bdi(state.pick.name), ": show all packages");
  table.filter(f => shown[f] === 1);
}

function press(facet, at, on) {
  facet.on[at] = on ? 1 : 0;
  facet.buttons[at].setAttribute("aria-pressed", String(on));
  facet.some = facet.on.includes(1);
}

/* Of what counts, by what `of` makes of kind, change and severity. */
function sumOf(of) {
  const out = [];
  sums.counts.forEach((changes, k) => changes.forEach((row, c) => row.forEach((n, s) => { out[of(k, c, s)] = (out[of(k, c, s)] || 0) + n; })));
  return out;
}

/* Buttons of the values that are there. */
function facet(title, names, bit, column, present, totals, chips) {
  const entry = { bit, column, totals, counts: new Int32Array(names.length), on: new Uint8Array(names.length), some: false, buttons: [] };
  const box = el("fieldset", null, el("legend", null, title));
  const order = names.map((_, i) => i).filter(i => present[i]);
  for (const i of chips ? order.reverse() : order) {
    const click = () => { press(entry, i, !entry.on[i]); apply(); };
    entry.buttons[i] = el("button", { type: "button", "aria-pressed": "false", onclick: click }, chips ? el("span", { class: "chip s" + i }, names[i]) : names[i], " 0");
    box.append(entry.buttons[i]);
  }
  if (order.length < 2) return null;
  facets.push(entry);
  return box;
}

function check(title, key) {
  const input = el("input", { type: "checkbox", onchange: () => { state[key] = input.checked; apply(); } });
  return el("label", null, input, " " + title);
}

function choice(title, options, change) {
  const select = el("select", { onchange: () => change(select.value) }, ...options.map(([value, name]) => el("option", { value }, name)));
  return el("label", null, title + " ", select);
}

const GROUPS = {
  package: f => subjectOf(f) || "the image", id: idOf, severity: f => SEVERITIES[F.severity[f]], kind: f => KINDS[F.kind[f]][1],
  layer: f => F.layer[f] >= 0 ? layerName(F.layer[f]) + (data.layers[F.layer[f]] && data.layers[F.layer[f]][2] ? ": " + data.layers[F.layer[f]][2] : "") : "no layer",
};

function clearFilters() {
  for (const facet of facets) facet.buttons.forEach((_, i) => press(facet, i, false));
  Object.assign(state, { text: "", fixable: false, kev: false, suppressed: false, own: false, type: "", layer: "", pick: null });
  for (const node of byId("filters").querySelectorAll("input[type=checkbox]")) node.checked = false;
  for (const node of byId("filters").querySelectorAll("select:not(#group)")) node.value = "";
  byId("search").value = "";
  apply();
}

function drawFilters() {
  const search = el("input", { type: "search", id: "search", placeholder: "id, package, title", autocomplete: "off", spellcheck: "false",
    oninput: () => { state.text = search.value; apply(); } });
  const types = [...new Set(data.places.map(p => data.strings[p[PLACE.type]]))].filter(t => t).sort();
  const layers = sums.layers;
  const first = el("div", { class: "row" }, el("label", null, "Search ", search),
    sums.fixed ? check("with a fix", "fixable") : null, sums.flags & FLAG.kev ? check("known to be exploited", "kev") : null,
    (sums.flags & FLAG.base) && sums.own ? check("not from the base image", "own") : null,
    sums.suppressed > 0 ? check("suppressed ones too (" + number(sums.suppressed) + ")", "suppressed") : null);
  const second = el("div", { class: "row" }, facet("Severity", SEVERITIES, DIMENSIONS.severities, F.severity, sums.severities, sumOf((k, c, s) => s), true));
  const third = el("div", { class: "row" }, facet("Kind", KINDS.map(k => k[1]), DIMENSIONS.kinds, F.kind, sums.kinds, sumOf(k => k), false),
    comparing ? facet("Change", CHANGES, DIMENSIONS.changes, F.change, sums.changes, sumOf((k, c) => c), false) : null);
  const group = choice("Group by", [["", "nothing"], ["package", "package"], ["id", "id"], ["severity", "severity"], ["kind", "kind"], ["layer", "layer"]],
    value => table.groupBy(GROUPS[value] || null));
  group.querySelector("select").id = "group";
  third.append(...[
    types.length > 1 ? choice("Type", [["", "all"], ...types.map(t => [t, t])], v => { state.type = v; apply(); }) : null,
    layers.length > 1 ? choice("Layer", [["", "all"], ...layers.map(l => [String(l), String(l + 1)])], v => { state.layer = v; apply(); }) : null,
    group, el("button", { type: "button", id: "clear", onclick: clearFilters }, "Clear filters"),
    el("button", { type: "button", id: "picked", hidden: true, onclick: () => { state.pick = null; apply(); } })].filter(n => n));
  byId("filters").append(first, second, third);
}

/* ---- findings ----------------------------------------------------------------------------------------------------------------- */
const LABELS = [["why", "Why"], ["fix", "What to do"], ["compared", "Compared"], ["fixed", "Mended in"], ["fix_date", "Mended on"], ["status", "Status"],
  ["suppressed", "Does not count"], ["severity_by", "Severity by"], ["cvss", "CVSS"], ["epss", "EPSS"], ["risk", "Risk"], ["kev", "Exploited"],
  ["advisory", "Advisory"], ["looked_up", "Looked up"], ["purl", "Package"], ["file", "File"], ["category", "Category"], ["code", "Also called"],
  ["match", "What was found"], ["gone", "Gone"], ["layer", "Layer"], ["created_by", "Made by"], ["dockerfile", "Dockerfile"], ["fingerprint", "Fingerprint"]];
const MONO = new Set(["purl", "file", "match", "layer", "created_by", "fingerprint", "compared"]);

function link([id, head, whole]) {
  const url = whole || (head && head + id);
  return url.startsWith("https://") ? el("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, bdi(id)) : bdi(id);
}

function detail(f) {
  const more = evidence(f), box = el("div"), list = el("dl"), hole = KINDS[F.kind[f]][0] === "hole";
  Object.assign(more, { fixed: fixedOf(f), status: hole ? statusOf(f) : "", risk: F.risk[f] >= 0 ? (F.risk[f] / 10).toFixed(1) + " of 100" : "" });
  if (more.epss) {
    const [chance, above] = more.epss.split(" ");
    more.epss = chance + " % chance of use within 30 days; above " + above + " % of all holes";
  }
  if (titleOf(f)) box.append(el("p", null, bdi(titleOf(f))));
  for (const [key, name] of LABELS)
    if (more[key]) list.append(el("dt", null, name), el("dd", null, MONO.has(key) ? code(more[key]) : bdi(more[key])));
  if (more.paths && more.paths.length > 0) list.append(el("dt", null, "Proved by"), el("dd", null, el("ul", null, ...more.paths.map(p => el("li", null, code(p))))));
  if (more.links && more.links.length > 0) {
    const cell = el("dd");
    more.links.forEach((l, i) => cell.append(i > 0 ? ", " : "", link(l)));
    list.append(el("dt", null, "Names"), cell);
  }
  box.append(list);
  if (more.records && more.records.length > 0)
    box.append(plainTable("What the feeds say", ["Feed", "Record", "Date", "Status", "Mended in", "Severity", "Decided"],
      more.records.map(r => r.map(bdi))));
  return box;
}

/* Said with each count, which is drawn anew with the rows: when the browser turns out to be too old is a race with them. */
let lacking = "";
unpacked.catch(() => {
  lacking = ". This browser cannot unpack the others, nor the evidence (it lacks DecompressionStream); oakum report makes a list for it.";
  table.told(table);
});

function drawFindings() {
  const flags = f => [
    F.flags[f] & FLAG.kev ? el("span", { class: "flag kev", title: "known to be exploited (CISA KEV)" }, "KEV") : null,
    F.flags[f] & FLAG.gone ? el("span", { class: "flag gone", title: "deleted or replaced by a later layer" }, "gone") : null];
  const columns = [
    { title: "Finding", width: 31, key: f => natural(idOf(f)), cell: f => bdi(idOf(f)), below: titleOf },
    { title: "Severity", width: 13, tight: true, down: true, key: f => F.severity[f], cell: f => { const [kev, gone] = flags(f); return [chip(F.severity[f]), kev ? " " : null, kev, gone ? " " : null, gone]; } },
    { title: "Where", width: 17, key: f => natural(subjectOf(f)), cell: f => bdi(subjectOf(f)) },
    { title: "Installed", width: 13, key: f => natural(versionOf(f)), cell: f => bdi(versionOf(f)) },
    { title: "Mended in", width: 13, key: f => natural(fixedOf(f)), cell: f => fixedOf(f) ? bdi(fixedOf(f)) : KINDS[F.kind[f]][0] === "hole" ? bdi(statusOf(f).replaceAll("_", " ")) : "" },
    { title: "Layer", wide: true, width: 9, numeric: true, key: f => F.layer[f], cell: f => F.layer[f] >= 0 ? String(F.layer[f] + 1) + (F.line[f] > 0 ? ", line " + F.line[f] : "") : "" },
    { title: "Risk", wide: true, width: 6, numeric: true, key: f => F.risk[f], cell: f => F.risk[f] >= 0 ? (F.risk[f] / 10).toFixed(1) : "" }];
  if (comparing) columns.splice(1, 0, { title: "Change", width: 9, tight: true, key: f => F.change[f], cell: f => el("span", { class: "flag " + CHANGES[F.change[f]] }, CHANGES[F.change[f]]) });
  else columns.splice(1, 0, { title: "Kind", wide: true, width: 9, tight: true, key: f => F.kind[f], cell: f => KINDS[F.kind[f]][0] });
  if (sums.layers.length === 0) columns.splice(columns.findIndex(c => c.title === "Layer"), 1);
  table = new Table({ root: byId("findings-table"), caption: "Findings, what is most urgent first. A name unfolds the evidence.", rows: findings, columns, detail,
    severity: f => F.severity[f], off: f => !counted(f), told: t => {
      const all = findings.length, match = t.shown.length;
      byId("count").textContent = (match === all ? plural(all, "finding", "findings") : number(match) + " of " + plural(all, "finding", "findings")) +
        (t.groupOf ? ", in groups" : t.drawn < match ? ", the first " + number(t.drawn) + " listed" : "") + lacking;
    } });
}

/* ---- layers and packages ------------------------------------------------------------------------------------------------------ */
function pick(name, of) {
  state.pick = { name, of };
  apply();
  byId("findings").scrollIntoView();
  table.enter();
}
const pickPackage = p => pick(p.name, place => place[PLACE.package] === p.index);

/* What a map shows: { title, layers: as the data have them, packages: [{ name, version, layer, count, worst, pick }], brought: how many packages
 * each layer brought, the last of them those of no layer }. A comparison lists only packages that have findings. */
function sides() {
  if (!comparing) {
    const layers = data.layers, brought = new Array(layers.length + 1).fill(0);
    for (const p of packages) brought[layers[p.layer] ? p.layer : layers.length]++;
    return [{ title: "", layers, brought, packages: packages.map(p => ({ ...p, pick: () => pickPackage(p) })) }];
  }
  return data.sides.map((side, i) => ({
    title: i === 0 ? "Before" : "After", layers: side.layers, brought: [...side.layers.map(l => l[4]), side.rest],
    packages: side.packages.map(([name, version, layer, count, worst]) => ({ name: data.strings[name], version: data.strings[version], layer, count, worst,
      pick: () => pick(data.strings[name], place => place[PLACE.subject] === name) })),
  }));
}

/* Of one side: a row a layer, and one for what is of none. */
function layerRows(side) {
  const rows = side.brought.map((brought, i) => ({ layer: side.layers[i] || null, name: side.layers.length === 0 ? "all packages" : side.layers[i] ? layerName(i) : "no layer",
    brought, packages: [], findings: 0, worst: -1 }));
  for (const p of side.packages) {
    const row = rows[side.layers[p.layer] ? p.layer : side.layers.length];
    row.packages.push(p);
    row.findings += p.count;
    row.worst = Math.max(row.worst, p.worst);
  }
  return rows.filter(row => row.layer || row.brought > 0);
}

function boxes(rows, measure) {
  const plainCount = n => plural(n, "package", "packages");
  return rows.map(row => {
    const weight = { findings: row.findings, packages: row.brought, size: row.layer ? Math.max(0, row.layer[1]) : 0 }[measure];
    const tiles = row.packages.map(p => ({ name: p.name, value: measure === "findings" ? p.count : 1, worst: p.worst,
      told: p.name + " " + p.version + ": " + plural(p.count, "finding", "findings"), pick: p.count > 0 ? p.pick : null }));
    const rest = row.brought - row.packages.length;
    if (rest > 0 && measure === "packages") tiles.push({ name: number(rest) + " more", value: rest, worst: -1, told: plainCount(rest) + " with no findings" });
    return { name: row.name, value: weight, worst: row.worst, tiles: measure === "size" ? [] : tiles,
      told: row.name + ": " + plainCount(row.brought) + ", " + plural(row.findings, "finding", "findings") + (row.layer ? ", " + bytes(row.layer[1]) : "") };
  });
}

function drawLayers() {
  const body = byId("map-body"), all = sides().map(side => ({ ...side, rows: layerRows(side), place: el("div") }));
  const measures = [["findings", "findings"], ["packages", "packages"]];
  if (all.some(side => side.layers.some(l => l[1] > 0))) measures.push(["size", "bytes as stored"]);
  let measure = all.some(side => side.packages.some(p => p.count > 0)) ? "findings" : "packages";
  const draw = () => {
    for (const side of all)
      side.place.replaceChildren(drawMap(boxes(side.rows, measure), (side.title ? side.title + ": " : "") + "treemap of layers and their packages; areas are " +
        measures.find(m => m[0] === measure)[1] + ", colours the worst severity. The table below has the numbers.", side.place.clientWidth));
  };
  const select = choice("Areas are", measures, value => { measure = value; draw(); });
  select.querySelector("select").value = measure;
  const swatch = kind => svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, class: kind }));
  body.append(el("div", { class: "row no-print" }, select),
    el("div", { class: comparing ? "maps" : null }, ...all.map(side => el("div", null, side.title ? el("h3", { class: "no-print" }, side.title) : null, side.place))),
    el("ul", { class: "legend" }, ...SEVERITIES.map((s, i) => el("li", null, swatch("s" + i), s)).reverse(), el("li", null, swatch("clean"), "none found")));
  draw();
  /* Letters keep their size: a map is drawn for the width that there is. */
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(); } });
  for (const side of all) {
    const heads = ["Layer", "Packages", "Findings", "Worst", "Bytes", "Made by", "In both"].slice(0, side.layers.length === 0 ? 4 : comparing ? 7 : 6);
    const negligible = findings.some(f => counted(f) && !weighs(f)) ? "; licences that are negligible are not counted" : "";
    body.append(plainTable((side.title ? "Layers " + side.title.toLowerCase() : "Layers") + negligible, heads, side.rows.map(row => [
      row.name, number(row.brought), number(row.findings), row.worst >= 0 ? chip(row.worst) : "", row.layer ? bytes(row.layer[1]) : "",
      row.layer ? el("span", null, row.layer[3] ? "base image: " : "", code(row.layer[2] || row.layer[0])) : "",
      row.layer && row.layer[5] ? "yes" : ""].slice(0, heads.length)), [false, true, true, false, true, false, false]));
  }
}

function drawPackages() {
  const changes = ["added", "removed", "changed"], body = byId("packages-body"), place = el("div"), count = el("p", { role: "status", "aria-live": "polite" });
  const columns = comparing ? [
    { title: "Name", width: 26, key: p => natural(p.name), cell: p => bdi(p.name) },
    { title: "Change", width: 8, key: p => p.change, cell: p => changes[p.change] },
    { title: "Type", width: 9, key: p => p.type, cell: p => bdi(p.type) },
    { title: "Before", width: 22, key: p => natural(p.from), cell: p => bdi(p.from) },
    { title: "After", width: 22, key: p => natural(p.version), cell: p => bdi(p.version) }] : [
    { title: "Name", width: 26, key: p => natural(p.name), cell: p => p.count > 0 ? el("button", { type: "button", class: "go", onclick: () => pickPackage(p) }, bdi(p.name)) : bdi(p.name) },
    { title: "Version", width: 20, key: p => natural(p.version), cell: p => bdi(p.version) },
    { title: "Type", width: 9, key: p => p.type, cell: p => bdi(p.type) },
    { title: "Licence", wide: true, width: 22, key: p => natural(p.licence), cell: p => bdi(p.licence) },
    { title: "Layer", width: 9, numeric: true, key: p => p.layer, cell: p => p.layer >= 0 ? String(p.layer + 1) : "" },
    { title: "Findings", width: 14, numeric: true, key: p => p.count, cell: p => p.count > 0 ? [number(p.count) + " ", chip(p.worst)] : "" }];
  if (!comparing && data.layers.length === 0) columns.splice(4, 1);
  packageTable = new Table({ root: place, caption: comparing ? "Packages that came, went or changed" : "Packages", rows: packages, columns, detail: null,
    told: t => { count.textContent = t.shown.length === packages.length ? plural(packages.length, "package", "packages") : number(t.shown.length) + " of " + plural(packages.length, "package", "packages"); } });
  let words = null;
  const search = el("input", { type: "search", autocomplete: "off", spellcheck: "false", oninput: () => {
    words = words || packages.map(p => [p.name, p.version, p.from, p.type, p.licence, p.purl].join(" ").toLowerCase());
    const wanted = search.value.toLowerCase().split(/\s+/).filter(w => w);
    packageTable.filter(p => wanted.every(w => words[p.index].includes(w)));
  } });
  body.append(el("div", { class: "row no-print" }, el("label", null, "Search packages ", search)), count, place);
  packageTable.show();
}

function drawSettings() {
  byId("settings-body").append(plainTable("Settings that differ", ["Setting", "Before", "After"], data.settings.map(s => [bdi(s[0]), code(s[1]), code(s[2])])));
}

/* ---- theme, keys, printing ---------------------------------------------------------------------------------------------------- */
const THEMES = ["system", "light", "dark"], dark = matchMedia("(prefers-color-scheme: dark)");
let theme = "system";
function setTheme(name) {
  theme = name;
  document.documentElement.dataset.theme = name === "system" ? (dark.matches ? "dark" : "light") : name;
  byId("theme").textContent = "Colours: " + name;
}

const KEYS = [["/", "to the search field"], ["f", "to the findings"], ["\u2193 \u2191 or j k", "next, previous row"], ["Home End", "first, last row that is listed"],
  ["Page \u2193 Page \u2191", "ten rows"], ["Enter, \u2192 \u2190", "unfold, fold; \u2190 in a group: to its head"], ["Escape", "out of the evidence, back to its row; out of the search"],
  ["t", "colours: as the system has them, light, dark"], ["?", "this list"]];

function drawHelp() {
  const input = el("input", { type: "checkbox", checked: true, onchange: () => { letters = input.checked; } });
  byId("help-body").append(el("dl", null, ...KEYS.flatMap(([key, what]) => [el("dt", null, el("kbd", null, key)), el("dd", null, what)])),
    el("p", null, el("label", null, input, " single letters do this")), el("button", { type: "button", onclick: () => byId("help").close() }, "Close"));
  byId("help-open").addEventListener("click", () => byId("help").showModal());
}

function keys(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || byId("help").open) return;
  const typing = event.target.closest("input, select, textarea");
  if (typing) {
    if (event.key === "Escape" && event.target.id === "search") table.enter();
    return;
  }
  if (!letters) return;
  const actions = { "/": () => byId("search").focus(), f: () => table.enter(), t: nextTheme, "?": () => byId("help").showModal() };
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
}

const nextTheme = () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);

/* What stands below the findings waits until they are on the screen, and lets the reader in between its parts. */
const LATER = [["map", comparing ? data.sides.some(s => s.layers.length > 0 || s.packages.length > 0) : data.layers.length > 0 || findings.some(f => packageOf(f) >= 0), drawLayers], ["packages", packages.length > 0, drawPackages],
  ["settings", data.settings && data.settings.length > 0, drawSettings]];
const waiting = [() => table.append(table.limit), drawHelp, countPackages, ...LATER.filter(([, there]) => there).map(([, , draw]) => draw)];
function drawNext() {
  if (waiting.length > 0) waiting.shift()();
  if (waiting.length > 0) setTimeout(drawNext);
  else soon(() => performance.mark("all drawn"));
}

function drawParts() {
  for (const [id, there] of LATER) byId(id).hidden = !there;
  const list = el("ul");
  for (const section of document.querySelectorAll("main > section"))
    if (!section.hidden) list.append(el("li", null, el("a", { href: "#" + section.id }, section.querySelector("h2").textContent)));
  byId("parts").append(list);
}

setTheme("system");
dark.addEventListener("change", () => setTheme(theme));
byId("theme").addEventListener("click", nextTheme);
document.addEventListener("keydown", keys);
/* Paper has no button for more: all that the filters let through is printed. */
addEventListener("beforeprint", () => { while (waiting.length > 0) waiting.shift()(); if (rest) for (const t of [table, packageTable]) if (t) t.append(t.list.length); });
drawHead();
drawFacts();
drawBars();
drawFindings();
drawFilters();
drawParts();
byId("app").hidden = false;
/* The rows that the screen has room for; the others of the list follow when these are there. */
table.first = Math.max(4, Math.ceil((innerHeight - byId("findings-table").getBoundingClientRect().top) / 40));
apply();
table.first = null;
requestAnimationFrame(() => setTimeout(drawNext));
