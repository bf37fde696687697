// walk.js SCENARIO FILE [OUT]: what a reader does with a report, in Chromium; prints what was seen as JSON.
"use strict";
const path = require("path");
const fs = require("fs");
const { pathToFileURL } = require("url");
const modules = process.env.OAKUM_BROWSER || path.join(__dirname, "../../build/browser");
const { chromium } = require(path.join(modules, "node_modules/playwright-core"));
const AXE = path.join(modules, "node_modules/axe-core/axe.min.js");

const COUNT = "#count";
const toggles = page => page.locator("#findings-table .toggle");
const ids = page => page.$$eval("#findings-table tbody tr:not(.detail) .toggle", all => all.map(t => t.textContent));
const focused = page => page.evaluate(() => document.activeElement.textContent);

/* A page that tells all that it should not do. Told: requests beyond the file, dialogs, new windows, errors and warnings of the console. */
async function open(browser, file, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US", ...options });
  const page = await context.newPage(), bad = [], url = pathToFileURL(file).href;
  page.on("request", r => { if (r.url().split("#")[0] !== url && r.url() !== "data:,") bad.push("request " + r.url()); });
  page.on("dialog", d => { bad.push("dialog " + d.message()); d.dismiss(); });
  page.on("console", m => { if (["error", "warning"].includes(m.type())) bad.push("console " + m.text()); });
  page.on("pageerror", e => bad.push("error " + e.message));
  context.on("page", p => { if (p !== page) bad.push("window " + p.url()); });
  await page.goto(url);
  if (options?.javaScriptEnabled !== false) await page.waitForFunction(() => performance.getEntriesByName("all drawn").length > 0);
  return { page, bad, context };
}

/* axe-core cannot be put in as a script, which the page's policy forbids: the protocol evaluates it, as a debugger would. */
async function judge(page) {
  await page.evaluate(fs.readFileSync(AXE, "utf8"));
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "incomplete"] }));
  return { violations: found.violations.map(v => ({ id: v.id, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + (n.failureSummary || "").slice(0, 300)) })),
    passes: found.passes.length };
}

const scenarios = {
  /* Opens, filters, sorts, groups; what is listed after each. */
  async use(browser, file) {
    const { page, bad } = await open(browser, file), out = {};
    const told = async () => ({ count: await page.textContent(COUNT), ids: await ids(page) });
    out.title = await page.title();
    out.sections = await page.$$eval("main > section", all => all.filter(s => !s.hidden).map(s => s.id));
    out.open = await told();
    await page.fill("#search", "CVE-2024-10007");
    out.search = await told();
    await page.fill("#search", "");
    await page.locator("#filters fieldset").first().locator("button").first().click();
    out.worst = await told();
    await page.click("#clear");
    if (await page.getByLabel("with a fix").count() > 0) {
      await page.getByLabel("with a fix").check();
      out.fixable = await told();
      await page.click("#clear");
    }
    out.cleared = await told();
    await page.getByRole("button", { name: "Finding", exact: true }).click();
    out.sorted = { ...await told(), aria: await page.$$eval("#findings-table th", all => all.map(t => t.getAttribute("aria-sort"))) };
    await page.getByRole("button", { name: "Finding", exact: true }).click();
    out.down = await told();
    await page.getByRole("button", { name: "Finding", exact: true }).click();
    out.unsorted = await told();
    await page.locator("#group").selectOption("package");
    out.groups = await told();
    await toggles(page).first().click();
    out.group = await told();
    await page.locator("#group").selectOption("");
    await toggles(page).first().click();
    out.detail = await page.textContent("#findings-table tr.detail");
    out.links = await page.$$eval("#findings-table tr.detail a", all => all.map(a => [a.href, a.rel]));
    await page.locator("#findings-table .more").click().catch(() => null);
    out.more = (await ids(page)).length;
    out.bad = bad;
    return out;
  },

  /* The same by keys alone. */
  async keys(browser, file) {
    const { page, bad } = await open(browser, file), out = {}, press = key => page.keyboard.press(key);
    await press("Tab");
    out.skip = await focused(page);
    await press("f");
    out.first = await focused(page);
    await press("ArrowDown");
    out.second = await focused(page);
    await press("k");
    out.back = await focused(page);
    await press("Enter");
    out.unfolded = await page.locator("#findings-table tr.detail").count();
    out.expanded = await page.evaluate(() => document.activeElement.getAttribute("aria-expanded"));
    await press("ArrowLeft");
    out.folded = await page.locator("#findings-table tr.detail").count();
    await press("End");
    const end = await toggles(page).count();
    out.end = await focused(page) === await toggles(page).last().textContent();
    await press("j");
    out.grown = await toggles(page).count() > end || end < 50;
    await press("Home");
    out.home = await focused(page);
    out.stops = await page.locator('#findings-table .toggle[tabindex="0"]').count();
    await press("/");
    out.search = await page.evaluate(() => document.activeElement.id);
    await page.keyboard.type("no such thing at all?");
    out.nothing = await page.textContent(COUNT);
    await page.fill("#search", "");
    await press("Escape");
    out.escaped = await focused(page);
    await press("?");
    out.help = await page.evaluate(() => document.getElementById("help").open);
    await page.getByLabel("single letters do this").uncheck();
    await press("Escape");
    out.closed = await page.evaluate(() => !document.getElementById("help").open);
    await page.evaluate(() => document.activeElement.blur());
    await press("/");
    out.off = await page.evaluate(() => document.activeElement.id);
    out.bad = bad;
    return out;
  },

  /* axe-core over the page as it opens and with things unfolded, in light and dark colours; and on a narrow screen. */
  async judge(browser, file) {
    const out = {};
    for (const colorScheme of ["light", "dark"]) {
      const { page, bad, context } = await open(browser, file, { colorScheme });
      const first = await judge(page), some = await toggles(page).count() > 0;
      if (some) await toggles(page).first().click();
      await page.locator("#group").selectOption("package");
      if (some) await toggles(page).first().click();
      if (some) await toggles(page).nth(1).click();
      const second = await judge(page);
      await page.locator("#help-open").click();
      const third = await judge(page);
      out[colorScheme] = { violations: [...first.violations, ...second.violations, ...third.violations], passes: first.passes,
        background: await page.evaluate(() => getComputedStyle(document.body).backgroundColor), bad: [...bad] };
      await context.close();
    }
    const { page, bad } = await open(browser, file, { viewport: { width: 400, height: 800 } });
    if (await toggles(page).count() > 0) await toggles(page).first().click();
    out.narrow = { ...await judge(page), wide: await page.evaluate(() => document.documentElement.scrollWidth), bad };
    return out;
  },

  /* Everything unfolded and looked at: what strangers wrote stays text. */
  async hostile(browser, file) {
    const { page, bad } = await open(browser, file);
    const all = await toggles(page).count();
    for (let i = 0; i < all; i++) await toggles(page).nth(i).click();
    const details = await page.locator("#findings-table tr.detail").count(), text = await page.evaluate(() => document.body.innerText);
    for (const box of await page.locator("#filters select").all())
      for (const value of await box.locator("option").evaluateAll(o => o.map(x => x.value))) await box.selectOption(value);
    await page.waitForTimeout(100);
    return { bad, rows: all, details, text,
      elements: await page.$$eval("script, img, iframe, object, embed, form, base, style, link, meta", e => e.map(x => x.tagName + " " + (x.id || x.type || x.name || x.rel || x.httpEquiv || ""))),
      handlers: await page.evaluate(() => [...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on") || a.name === "style")).length),
      links: await page.$$eval("a", a => a.map(x => x.href)) };
  },

  /* Without scripts there is a plain table; on paper there is all. */
  async plain(browser, file) {
    const { page, bad } = await open(browser, file, { javaScriptEnabled: false });
    const text = await page.locator("body").innerText(), rows = await page.locator("noscript tr, body > table tr").count();
    const { page: second, bad: worse } = await open(browser, file);
    await second.emulateMedia({ media: "print" });
    /* the browser says so itself when it prints; of thousands of rows that takes it a minute */
    if (await second.evaluate(() => findings.length) < 1000) await second.pdf();
    else await second.evaluate(() => { dispatchEvent(new Event("beforeprint")); });
    return { text: text.slice(0, 5000), rows, listed: await toggles(second).count(), hidden: await second.locator("#filters").isVisible(), bad: [...bad, ...worse] };
  },

  /* A browser that cannot unpack what is behind the first view; `late`: it gets to draw again only when it has found that out. */
  async old(browser, file, late) {
    const context = await browser.newContext(), page = await context.newPage(), bad = [];
    page.on("pageerror", e => bad.push("error " + e.message));
    await page.addInitScript(late => {
      delete window.DecompressionStream;
      const frame = window.requestAnimationFrame;
      if (late) window.requestAnimationFrame = draw => {
        window.requestAnimationFrame = frame;
        addEventListener("load", () => setTimeout(draw, 1000));
      };
    }, late === "late");
    await page.goto(pathToFileURL(file).href);
    await page.waitForFunction(() => document.getElementById("count").textContent.includes("DecompressionStream"));
    await page.waitForFunction(() => document.querySelectorAll("#findings-table .toggle").length >= 50);
    await page.fill("#search", "ssl");
    return { count: await page.textContent(COUNT), listed: await toggles(page).count(), maps: await page.locator("#map-body svg[role=img]").count(), bad };
  },

  /* The maps: what is in them, and what a click on the first tile of the last of them lists. */
  async map(browser, file) {
    const { page, bad } = await open(browser, file);
    await page.evaluate(() => document.getElementById("map").scrollIntoView());
    const maps = page.locator("#map-body svg[role=img]"), out = { maps: [] };
    for (const map of await maps.all()) out.maps.push(await map.locator("g.pick title").allTextContents());
    out.widths = await maps.evaluateAll(all => all.map(svg => [svg.viewBox.baseVal.width, Math.round(svg.getBoundingClientRect().width)]));
    out.tables = await page.locator("#map-body caption").allTextContents();
    await maps.last().locator("g.pick").first().click();
    out.picked = await page.textContent("#picked");
    out.where = [...new Set(await page.$$eval("#findings-table tbody tr:not(.detail) td:nth-child(4)", all => all.map(t => t.textContent)))];
    out.bad = bad;
    return out;
  },

  /* Milliseconds by the page's own clock, which begins with the navigation, in a new tab of a browser that has come to rest: until the first
   * view is painted, rows and all; until the file is read (the event "load"); until a search that is typed at that moment is answered on the screen; until all parts are drawn; and of
   * each change until it is on the screen. Processor time: of the page's own thread. */
  async time(browser, file) {
    const out = {}, url = pathToFileURL(file).href;
    const add = (name, ms, cpu) => { out[name] = out[name] || { wall: [], cpu: [] }; out[name].wall.push(ms); if (cpu !== undefined) out[name].cpu.push(cpu); };
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const tab = async () => { const page = await context.newPage(); await page.waitForTimeout(300); return page; };
    await (await context.newPage()).waitForTimeout(1500);
    for (let run = 0; run < 9; run++) {
      const page = await tab();
      await page.goto(url);
      await page.waitForFunction(() => performance.getEntriesByName("all drawn").length > 0);
      add("open", await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
      add("loaded", await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd));
      await page.close();
    }
    for (let run = 0; run < 7; run++) {
      const page = await tab();
      await page.addInitScript(() => {
        new PerformanceObserver(() => {
          const search = document.getElementById("search"), count = document.getElementById("count"), before = count.textContent;
          new MutationObserver((_, seen) => {
            if (count.textContent === before) return;
            seen.disconnect();
            requestAnimationFrame(() => setTimeout(() => performance.mark("answered")));
          }).observe(count, { childList: true, characterData: true, subtree: true });
          search.value = "ssl";
          search.dispatchEvent(new Event("input"));
        }).observe({ type: "paint" });
      });
      await page.goto(url);
      await page.waitForFunction(() => performance.getEntriesByName("answered").length > 0);
      add("first answer", await page.evaluate(() => performance.getEntriesByName("answered")[0].startTime));
      await page.close();
    }
    for (let run = 0; run < 7; run++) {
      const used = async session => (await session.send("Performance.getMetrics")).metrics.find(m => m.name === "TaskDuration").value * 1000;
      const page = await tab(), session = await context.newCDPSession(page);
      await session.send("Performance.enable", { timeDomain: "threadTicks" });
      const before = await used(session);
      await page.goto(url);
      await page.waitForFunction(() => performance.getEntriesByName("all drawn").length > 0);
      add("open, all of it", await page.evaluate(() => performance.getEntriesByName("all drawn")[0].startTime), await used(session) - before);
      /* as a debugger evaluates it: the page's policy forbids eval */
      const timed = async (name, act) => {
        const begin = await used(session);
        const ms = await page.evaluate("new Promise(done => { const begin = performance.now(); " + act +
        "; requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin))); })");
        add(name, ms, await used(session) - begin);
      };
      await timed("search", 'byId("search").value = "ssl"; byId("search").dispatchEvent(new Event("input"))');
      await timed("clear", 'byId("clear").click()');
      await timed("severity", 'document.querySelector("#filters fieldset button").click()');
      await timed("sort by id", 'document.querySelector("#findings-table th button").click()');
      await timed("sort by package", '[...document.querySelectorAll("#findings-table th button")].find(b => b.textContent === "Where").click()');
      await timed("group by package", 'byId("group").value = "package"; byId("group").dispatchEvent(new Event("change"))');
      await timed("open a group", 'document.querySelector("#findings-table .toggle").click()');
      await timed("ungroup", 'byId("group").value = ""; byId("group").dispatchEvent(new Event("change"))');
      await timed("first unfolding", 'document.querySelector("#findings-table .toggle").click()');
      await timed("unfolding", 'document.querySelectorAll("#findings-table .toggle")[3].click()');
      await page.close();
    }
    return out;
  },

  async shot(browser, file, folder) {
    for (const [name, options, act] of [
      ["light", { colorScheme: "light" }, async () => null], ["dark", { colorScheme: "dark" }, async page => { await page.evaluate(() => document.getElementById("map").scrollIntoView()); }],
      ["evidence", { colorScheme: "light" }, async page => { await toggles(page).first().click(); await page.evaluate(() => document.getElementById("findings").scrollIntoView()); }]]) {
      const { page, context } = await open(browser, file, { viewport: { width: 1100, height: 720 }, ...options });
      await act(page);
      await page.screenshot({ path: `${folder}-${name}.png` });
      await context.close();
    }
    return {};
  },
};

(async () => {
  const [scenario, file, out] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath: process.env.OAKUM_CHROMIUM || "/usr/bin/chromium",
    args: ["--disable-gpu", "--disable-dev-shm-usage", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])] });
  try {
    process.stdout.write(JSON.stringify(await scenarios[scenario](browser, file, out)) + "\n");
  } finally {
    await browser.close();
  }
})().catch(error => { process.stderr.write(error.stack + "\n"); process.exit(1); });
