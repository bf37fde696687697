/* Rectangles whose areas are the values, as square as they can be (Bruls, Huizing, van Wijk 2000): rows are filled along the shorter side
 * for as long as the worst side ratio gets no worse. Returns [{ item, x, y, w, h }]. */
function squarify(items, x, y, w, h) {
  const total = items.reduce((sum, i) => sum + i.value, 0), out = [];
  if (total <= 0 || w <= 0 || h <= 0) return out;
  const scale = w * h / total;
  let at = 0;
  while (at < items.length) {
    const side = Math.min(w, h);
    let end = at, sum = 0, worst = Infinity, low = Infinity, high = 0;
    for (; end < items.length; end++) {
      const area = items[end].value * scale, more = sum + area;
      const least = Math.min(low, area), most = Math.max(high, area);
      const ratio = Math.max(side * side * most / (more * more), more * more / (side * side * least));
      if (ratio > worst) break;
      worst = ratio; sum = more; low = least; high = most;
    }
    const thick = sum / side;
    let along = 0;
    for (; at < end; at++) {
      const length = items[at].value * scale / thick;
      out.push(w >= h ? { item: items[at], x, y: y + along, w: thick, h: length } : { item: items[at], x: x + along, y, w: length, h: thick });
      along += length;
    }
    if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
  }
  return out;
}

const MAP = { least: 280, height: 400, head: 18, tile: 1200 };

function label(x, y, w, text, kind) {
  const fits = Math.floor((w - 8) / 6.6);
  if (fits < 3) return null;
  return svg("text", { x: x + 4, y: y + 13, class: kind }, text.length > fits ? text.slice(0, fits - 1) + "\u2026" : text);
}

function tile(r, item) {
  const node = svg("g", item.pick ? { class: "pick", onclick: item.pick } : null,
    svg("rect", { x: r.x, y: r.y, width: r.w, height: r.h, class: item.worst < 0 ? "clean" : "s" + item.worst }), svg("title", null, item.told));
  const text = r.h > 16 ? label(r.x, r.y, r.w, item.name, null) : null;
  if (text) node.append(text);
  return node;
}

/* `boxes`: [{ name, value, worst, told, pick, tiles: [the same] }]; `room`: pixels that it may be wide. */
function drawMap(boxes, told, room) {
  const width = Math.max(MAP.least, room);
  const root = svg("svg", { viewBox: "0 0 " + width + " " + MAP.height, role: "img", "aria-label": told });
  const placed = squarify(boxes.filter(b => b.value > 0).sort((a, b) => b.value - a.value), 0, 0, width, MAP.height);
  for (const r of placed) {
    const tiles = (r.item.tiles || []).filter(t => t.value > 0).sort((a, b) => b.value - a.value);
    if (tiles.length === 0 || r.h < MAP.head * 2 || r.w < 30) {
      root.append(tile(r, r.item));
      continue;
    }
    const most = Math.max(12, Math.floor(r.w * r.h / MAP.tile)), rest = tiles.slice(most), shown = tiles.slice(0, most);
    if (rest.length > 0)
      shown.push({ name: rest.length + " more", value: rest.reduce((s, t) => s + t.value, 0), worst: Math.max(...rest.map(t => t.worst)),
        told: rest.length + " more packages of " + r.item.name });
    for (const inner of squarify(shown, r.x + 2, r.y + MAP.head, r.w - 4, r.h - MAP.head - 2)) root.append(tile(inner, inner.item));
    root.append(svg("rect", { class: "frame", x: r.x, y: r.y, width: r.w, height: r.h }));
    const name = label(r.x, r.y, r.w, r.item.name, "name");
    if (name) root.append(name);
  }
  return root;
}

/* One bar of parts by severity; the numbers stand beside it. */
function severityBar(counts, most, told) {
  const total = counts.reduce((a, b) => a + b, 0);
  const bar = svg("svg", { viewBox: "0 0 1000 16", preserveAspectRatio: "none", role: "img", "aria-label": told });
  let x = 0;
  for (let s = SEVERITIES.length - 1; s >= 0 && total > 0; s--) {
    const w = counts[s] > 0 ? Math.max(6, counts[s] / most * 1000) : 0; /* a few are to be seen beside thousands */
    if (w > 0) bar.append(svg("rect", { x, y: 0, width: w, height: 16, class: "s" + s }));
    x += w;
  }
  return bar;
}
