/* A table of many rows: sorted, filtered, grouped, its rows unfolded; so many at a time as one can look at. Each row that unfolds has a
 * button in its first cell; one of these buttons is in the order of the Tab key, arrows go from one to the next. */
const CHUNK = 50;

class Table {
  /* spec: { root, caption, rows, columns: [{ title, key(row), cell(row), numeric, tight, wide: not on a phone }], detail(row) or null, severity(row), told(table), off(row) } */
  constructor(spec) {
    Object.assign(this, spec);
    this.sort = { column: -1, down: false };
    this.keep = null;
    this.groupOf = null;
    this.keys = [];
    this.sorted = this.rows;
    this.open = new Set();
    this.unfolded = new Set();
    this.limit = CHUNK;
    this.first = null;
    this.build();
  }

  build() {
    this.heads = this.columns.map((column, at) => {
      const button = el("button", { type: "button", onclick: () => soon(() => this.sortBy(at)) }, column.title);
      return el("th", { scope: "col", class: this.kind(column) }, button);
    });
    this.body = el("tbody", { onkeydown: event => this.key(event), onclick: event => this.click(event) });
    this.moreButton = el("button", { type: "button", class: "more", onclick: () => soon(() => this.more()) });
    this.root.replaceChildren(el("div", { class: "scroll" },
      el("table", { class: "fixed" }, el("caption", null, this.caption), this.widths(), el("thead", null, el("tr", null, ...this.heads)), this.body)),
      el("p", null, this.moreButton));
    if (this.detail)
      this.body.addEventListener("focusin", event => event.target.classList.contains("toggle") && this.rove(event.target));
  }

  kind(column) {
    return [column.numeric ? "num" : column.tight ? "tight" : "", column.wide ? "wide" : ""].filter(c => c).join(" ") || null;
  }

  /* Shares of the width; a sheet of style may not be made here, an attribute may. */
  widths() {
    const all = this.columns.reduce((sum, c) => sum + c.width, 0);
    return el("colgroup", null, ...this.columns.map(c => el("col", { width: Math.round(c.width / all * 100) + "%", class: c.wide ? "wide" : null })));
  }

  /* Once up, once down, then back to the order of the report. */
  sortBy(column) {
    const first = this.columns[column].numeric || this.columns[column].down || false;
    if (this.sort.column !== column) this.sort = { column, down: first };
    else if (this.sort.down === first) this.sort.down = !first;
    else this.sort = { column: -1, down: false };
    this.heads.forEach((head, at) => {
      if (at === this.sort.column) head.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.order();
    this.show();
  }

  order() {
    const { column, down } = this.sort;
    if (column < 0) {
      this.sorted = this.rows;
      return;
    }
    const keys = this.keys[column] || (this.keys[column] = Array.from(this.rows, this.columns[column].key));
    const at = Array.from(this.rows, (_, i) => i), way = down ? -1 : 1;
    at.sort((a, b) => keys[a] < keys[b] ? -way : keys[a] > keys[b] ? way : a - b);
    this.sorted = at.map(i => this.rows[i]);
  }

  /* null: all */
  filter(keep) {
    this.keep = keep;
    this.show();
  }

  groupBy(groupOf) {
    this.groupOf = groupOf;
    this.open.clear();
    soon(() => this.show());
  }

  /* What stands below each other: groups and rows. */
  show() {
    this.shown = this.keep ? this.sorted.filter(this.keep) : this.sorted;
    this.limit = CHUNK;
    this.items();
    this.draw();
  }

  items() {
    if (!this.groupOf) {
      this.list = this.shown;
      return;
    }
    const groups = new Map();
    for (const row of this.shown) {
      const name = this.groupOf(row);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(row);
    }
    this.list = [];
    for (const [name, rows] of groups) {
      this.list.push({ name, rows });
      if (this.open.has(name)) for (const row of rows) this.list.push(row);
    }
  }

  draw() {
    this.toggles = [];
    this.body.replaceChildren();
    this.drawn = 0;
    this.append(this.first || this.limit);
    if (this.list.length === 0)
      this.body.append(el("tr", null, el("td", { colspan: this.columns.length }, "Nothing matches.")));
  }

  append(limit) {
    const part = document.createDocumentFragment();
    const end = Math.min(limit, this.list.length);
    for (; this.drawn < end; this.drawn++) {
      const item = this.list[this.drawn];
      if (item.rows) part.append(this.drawGroup(item));
      else {
        part.append(this.drawRow(item));
        if (this.unfolded.has(item)) part.append(this.drawDetail(item));
      }
    }
    this.body.append(part);
    if (this.toggles.length > 0 && !this.toggles.some(t => t.tabIndex === 0)) this.toggles[0].tabIndex = 0;
    const left = this.list.length - this.drawn;
    this.moreButton.hidden = left === 0;
    this.moreButton.textContent = "Show " + number(Math.min(left, 4 * CHUNK)) + " more of " + number(left);
    if (this.told) this.told(this);
  }

  more() {
    this.limit = this.drawn + 4 * CHUNK;
    this.append(this.limit);
  }

  toggle(label, expanded, item, extra) {
    const button = el("button", { type: "button", class: "toggle", tabindex: "-1", "aria-expanded": String(expanded), ...extra }, label);
    button.item = item;
    this.toggles.push(button);
    return button;
  }

  drawGroup(group) {
    const worst = group.rows.reduce((most, row) => Math.max(most, this.severity(row)), -1);
    const button = this.toggle(bdi(group.name), this.open.has(group.name), group, null);
    return el("tr", { class: "group" }, el("td", { colspan: this.columns.length }, button, " ",
      worst >= 0 ? chip(worst) : null, " " + number(group.rows.length)));
  }

  drawRow(row) {
    const tr = el("tr", { class: this.off && this.off(row) ? "off" : null });
    this.columns.forEach((column, at) => {
      let content = column.cell(row);
      if (at === 0 && this.detail) content = this.toggle(content, this.unfolded.has(row), row, null);
      const td = el("td", { class: this.kind(column) });
      if (Array.isArray(content)) td.append(...content.filter(c => c !== null));
      else if (content !== null && content !== undefined) td.append(content);
      const below = column.below && column.below(row);
      if (below) td.append(el("div", { class: "below" }, bdi(below)));
      tr.append(td);
    });
    return tr;
  }

  drawDetail(row) {
    return el("tr", { class: "detail" }, el("td", { colspan: this.columns.length }, this.detail(row)));
  }

  click(event) {
    const button = event.target.closest(".toggle");
    if (button) soon(() => this.flip(button));
  }

  flip(button) {
    const item = button.item;
    if (item.rows) {
      if (!this.open.delete(item.name)) this.open.add(item.name);
      this.items();
      this.draw();
      this.focus(this.toggles.find(t => t.item.rows && t.item.name === item.name));
      return;
    }
    const tr = button.closest("tr");
    if (this.unfolded.delete(item)) tr.nextSibling.remove();
    else {
      this.unfolded.add(item);
      tr.after(this.drawDetail(item));
    }
    button.setAttribute("aria-expanded", String(this.unfolded.has(item)));
  }

  rove(button) {
    for (const other of this.body.querySelectorAll('.toggle[tabindex="0"]')) if (other !== button) other.tabIndex = -1;
    button.tabIndex = 0;
  }

  focus(button) {
    if (!button) return;
    this.rove(button);
    button.focus();
  }

  /* The first row, for who comes from elsewhere by key. */
  enter() {
    this.focus(this.body.querySelector('.toggle[tabindex="0"]') || this.toggles[0]);
  }

  key(event) {
    if (!this.detail || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      const inside = event.target.closest("tr.detail");
      if (inside) this.focus(inside.previousSibling.querySelector(".toggle"));
      return;
    }
    const button = event.target;
    if (!button.classList.contains("toggle")) return;
    const at = this.toggles.indexOf(button), expanded = button.getAttribute("aria-expanded") === "true";
    let to = at;
    switch (event.key) {
    case "ArrowDown": case "j": to = at + 1; break;
    case "ArrowUp": case "k": to = at - 1; break;
    case "PageDown": to = at + 10; break;
    case "PageUp": to = at - 10; break;
    case "Home": to = 0; break;
    case "End": to = this.toggles.length - 1; break;
    case "ArrowRight": if (!expanded) soon(() => this.flip(button)); event.preventDefault(); return;
    case "ArrowLeft":
      if (expanded) soon(() => this.flip(button));
      else for (let i = at; i >= 0 && this.groupOf; i--) if (this.toggles[i].item.rows) { this.focus(this.toggles[i]); break; }
      event.preventDefault();
      return;
    default: return;
    }
    if ((event.key === "j" || event.key === "k") && !letters) return;
    event.preventDefault();
    if (to >= this.toggles.length && this.drawn < this.list.length) soon(() => this.more());
    this.focus(this.toggles[Math.max(0, Math.min(to, this.toggles.length - 1))]);
  }
}

/* Whether single letters do something; who speaks to the computer, or types by accident, switches that off. */
let letters = true;
