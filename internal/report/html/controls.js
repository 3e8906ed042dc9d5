// controls.js: what people do to the viewer: addresses, search, filters, keys.

// go opens what the page's address names: a line, a build, or else the best
// finding of the first build that failed.
async function go() {
  let name = location.hash.slice(1);
  try { name = decodeURIComponent(name); } catch { /* taken as it stands */ }
  const line = /^(.*)-L(\d+)$/s.exec(name);
  let build = builds.findIndex((b) => b.anchor === (line ? line[1] : name));
  if (build >= 0) {
    await open(build, line ? Number(line[2]) : 0);
    return bringViewer();
  }
  build = builds.findIndex((b) => b.failed);
  return open(Math.max(0, build), 0);
}

// bringViewer brings the viewer into sight where it stands below the rest.
function bringViewer() {
  const { top } = byId("viewer").getBoundingClientRect();
  if (top > innerHeight / 2 || top < -innerHeight / 2) byId("viewer").scrollIntoView();
}

// step goes to the next (1) or previous (-1) finding, through all builds.
async function step(by) {
  const stops = builds.flatMap((b, build) => b.findings
    .filter((f) => view.severities.has(f.severity))
    .map((f) => ({ build, line: f.line }))
    .sort((x, y) => x.line - y.line));
  if (!stops.length) return say("No findings of these severities.");
  const after = (s) => s.build - view.build || s.line - view.target;
  const stop = by > 0 ? stops.find((s) => after(s) > 0) || stops[0]
    : [...stops].reverse().find((s) => after(s) < 0) || stops[stops.length - 1];
  history.replaceState(null, "", address(stop.build, stop.line));
  await open(stop.build, stop.line);
  return bringViewer();
}

// Search. Matches are pairs of line index and place in its plain text.
const MOST_MATCHES = 20000;
const hunt = { pattern: null, matches: [], at: -1, run: 0 };

// matchesIn are the ranges found in a line, and where the current one starts.
function matchesIn(text, i) {
  if (!hunt.pattern) return [[], -1];
  const from = view.times ? 0 : stampLength(text), current = hunt.matches[hunt.at];
  const found = [...text.matchAll(hunt.pattern)].map((m) => [m.index, m.index + m[0].length]).filter(([start]) => start >= from);
  return [found, current && current[0] === i ? current[1] : -1];
}

// search finds all matches, in slices so that the page stays responsive.
async function search() {
  const query = byId("query").value, run = ++hunt.run;
  Object.assign(hunt, { matches: [], at: -1, pattern: query ? new RegExp(query.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&"), "giu") : null });
  if (hunt.pattern) {
    const { texts } = view.log;
    let until = performance.now() + 20;
    for (let i = 0; i < texts.length && hunt.matches.length < MOST_MATCHES; i++) {
      if (i % 200 === 0 && performance.now() > until) {
        await new Promise((resolve) => setTimeout(resolve));
        if (run !== hunt.run) return;
        until = performance.now() + 20;
      }
      if (!passes(i, view.near)) continue;
      for (const [start] of matchesIn(plain(texts[i]), i)[0]) hunt.matches.push([i, start]);
    }
  }
  showFound();
  redraw();
}

function showFound() {
  const n = hunt.matches.length, all = grouped(n) + (n >= MOST_MATCHES ? "+" : "");
  byId("found").textContent = !hunt.pattern ? "" : !n ? "none" : hunt.at < 0 ? all : `${grouped(hunt.at + 1)} of ${all}`;
}

let pending = 0;

// toMatch goes to the next (1) or previous (-1) match: the first time, from the
// line that is stood on.
async function toMatch(by) {
  if (pending) {
    clearTimeout(pending);
    pending = 0;
    await search();
  }
  const n = hunt.matches.length;
  if (!n) return;
  if (hunt.at >= 0) {
    hunt.at = (hunt.at + by + n) % n;
  } else {
    const from = indexOf(view.log, view.target), next = hunt.matches.findIndex(([i]) => i >= from);
    hunt.at = by > 0 ? Math.max(0, next) : (next > 0 ? next : n) - 1;
  }
  const [i] = hunt.matches[hunt.at];
  showFound();
  if (view.rowOf[i] < 0) reveal(i);
  redraw();
  scrollTo(i);
  const mark = sheet.querySelector("mark.current");
  if (mark) mark.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// showControls sets the controls to what is shown.
function showControls() {
  const build = builds[view.build];
  byId("build").value = String(view.build);
  byId("stage").replaceChildren(new Option("all stages", "-1"), ...build.stages.map((stage, s) => new Option(stage.name, String(s))));
  byId("stage").value = String(view.stage);
  byId("stage").disabled = !build.stages.length;
  const pressed = { only: view.only, times: view.times, fold: build.stages.length > 0 && view.folded.size === build.stages.length };
  for (const id in pressed) byId(id).setAttribute("aria-pressed", String(pressed[id]));
  for (const button of document.querySelectorAll("button.severity")) {
    const { severity } = button.dataset, n = build.findings.filter((f) => f.severity === severity).length;
    button.textContent = counted(n, severity);
    button.disabled = !n;
    button.setAttribute("aria-pressed", String(view.severities.has(severity)));
  }
}

// change applies a change to what is shown, and stays at the same line.
function change(what) {
  what();
  markFindings();
  showControls();
  layOut();
  scrollTo(indexOf(view.log, view.target));
  search();
}

function toggleSeverity(severity) {
  change(() => { if (!view.severities.delete(severity)) view.severities.add(severity); });
  for (const finding of document.querySelectorAll(".findings .finding")) finding.hidden = !view.severities.has(finding.dataset.severity);
}

function toggleFolds() {
  const all = builds[view.build].stages.map((_, s) => s);
  change(() => { view.folded = new Set(view.folded.size === all.length ? [] : all); });
}

// onKey handles the keys that work everywhere but where people type.
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  const action = { n: () => step(1), p: () => step(-1), "/": () => byId("query").select() }[event.key];
  if (!action) return;
  event.preventDefault();
  if (event.key === "/") byId("query").focus();
  action();
}

function onQueryKey(event) {
  if (event.key === "Enter") toMatch(event.shiftKey ? -1 : 1);
  else if (event.key === "Escape") scroller.focus();
  else return;
  event.preventDefault();
}

// onClick opens a line's link also where the address has it already.
function onClick(event) {
  const link = event.target.closest('a[href^="#"]');
  if (link && link.hash === location.hash) go();
}

function listen() {
  addEventListener("hashchange", go);
  addEventListener("resize", layOut);
  matchMedia("(pointer: coarse)").addEventListener("change", layOut);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  let framed = false;
  scroller.addEventListener("scroll", () => {
    if (framed) return;
    framed = true;
    requestAnimationFrame(() => { framed = false; draw(); });
  }, { passive: true });
  byId("down").onclick = bringViewer;
  byId("up").onclick = () => document.documentElement.scrollIntoView();
  byId("build").onchange = (event) => open(Number(event.target.value), 0);
  byId("stage").onchange = (event) => showStage(Number(event.target.value));
  byId("query").oninput = () => {
    clearTimeout(pending);
    pending = setTimeout(() => { pending = 0; search(); }, 150);
  };
  byId("query").onkeydown = onQueryKey;
  byId("earlier").onclick = () => toMatch(-1);
  byId("later").onclick = () => toMatch(1);
  byId("previous").onclick = () => step(-1);
  byId("next").onclick = () => step(1);
  byId("only").onclick = () => change(() => { view.only = !view.only; });
  byId("times").onclick = () => change(() => { view.times = !view.times; });
  byId("fold").onclick = toggleFolds;
  for (const button of document.querySelectorAll("button.severity")) button.onclick = () => toggleSeverity(button.dataset.severity);
}

// start makes a viewer of the page, where there is a log to view.
function start() {
  if (!document.querySelector("script[data-build]")) return;
  // The lines' ids serve where there is no viewer; here they would steal the address.
  for (const line of document.querySelectorAll("a.no[id]")) line.removeAttribute("id");
  document.documentElement.classList.add("viewing");
  byId("viewer").hidden = byId("down").hidden = false;
  view.times = innerWidth > 700;
  byId("build").append(...builds.map((build, b) => new Option(build.name, String(b))));
  listen();
  go();
}

start();
