// viewer.js: shows one build's log. Of all its rows only those in sight are in
// the page, so that a log of any length scrolls alike.

const byId = (id) => document.getElementById(id);
const scroller = byId("log"), sheet = byId("lines"), here = byId("here");

// Rows are numbers: what they refer to times four, plus their kind.
const LINE = 0, STAGE = 1, LEFT_OUT = 2, FILTERED = 3;
const SPARE = 20; // rows beyond what is in sight, on each side
const AROUND = 3; // lines around a finding under "only findings"

const view = {
  build: -1, // index of the build that is shown
  wanted: -1, // of the one that is loaded
  log: { texts: [], numbers: [], stages: [] },
  rows: [],
  rowOf: new Int32Array(0), // of each line, -1 where it isn't shown
  marks: [], // severity of each line's finding
  drawn: new Map(), // elements by row
  named: -1, // the stage that stands above the lines, of those in sight
  folded: new Set(), // stages
  stage: -1, // the only stage to show, -1 for all
  only: false, // only findings
  times: true,
  severities: new Set(["error", "warning", "notice"]),
  target: 0, // number of the line that is stood on
  height: 20, // of a row, in pixels
};

const address = (build, number) => `#${encodeURIComponent(`${builds[build].anchor}-L${number}`)}`;
const grouped = (n) => n.toLocaleString("en");
const counted = (n, noun) => `${grouped(n)} ${noun}${n === 1 ? "" : "s"}`;

// markFindings notes which lines belong to findings of the chosen severities.
function markFindings() {
  view.marks = new Array(view.log.texts.length);
  for (const finding of [...builds[view.build].findings].reverse()) {
    if (!view.severities.has(finding.severity)) continue;
    view.marks.fill(finding.severity, indexOf(view.log, finding.line), indexOf(view.log, finding.end + 1));
  }
}

// passes says whether the filters let a line be shown; near are the lines that
// "only findings" lets.
function passes(i, near) {
  return (view.stage < 0 || view.log.stages[i] === view.stage) && (!near || near[i] === 1);
}

function nearFindings() {
  if (!view.only) return null;
  const near = new Uint8Array(view.log.texts.length);
  for (const finding of builds[view.build].findings) {
    if (!view.severities.has(finding.severity)) continue;
    near.fill(1, indexOf(view.log, finding.line - AROUND), indexOf(view.log, finding.end + AROUND + 1));
  }
  return near;
}

// layOut decides which rows there are, and draws them.
function layOut() {
  const { numbers, stages } = view.log, near = nearFindings(), rows = [];
  view.near = near;
  view.rowOf = new Int32Array(numbers.length).fill(-1);
  let before = -1, stage = -1;
  for (let i = 0; i < numbers.length; i++) {
    if (!passes(i, near)) continue;
    if (numbers[i] !== (i ? numbers[i - 1] : 0) + 1) rows.push(i * 4 + LEFT_OUT);
    else if (before !== i - 1 && view.stage < 0) rows.push(i * 4 + FILTERED);
    if (stages[i] !== stage) {
      stage = stages[i];
      if (stage >= 0) rows.push(stage * 4 + STAGE);
    }
    before = i;
    if (stage >= 0 && view.folded.has(stage)) continue;
    view.rowOf[i] = rows.length;
    rows.push(i * 4 + LINE);
  }
  const last = numbers.length ? numbers[numbers.length - 1] : 0;
  if (last < builds[view.build].lines) rows.push(numbers.length * 4 + LEFT_OUT);
  view.rows = rows;
  const { lineHeight, fontSize } = getComputedStyle(sheet);
  view.height = parseFloat(lineHeight) || 1.5 * parseFloat(fontSize);
  sheet.style.height = `${rows.length * view.height}px`;
  redraw();
}

// redraw draws every row in sight anew.
function redraw() {
  sheet.replaceChildren();
  view.drawn.clear();
  view.named = -1;
  draw();
}

// draw brings the rows in sight into the page, in order, and takes the others out.
function draw() {
  const first = Math.max(0, Math.floor(scroller.scrollTop / view.height) - SPARE);
  const last = Math.min(view.rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / view.height) + SPARE);
  for (const [row, drawn] of view.drawn) {
    if (row >= first && row < last) continue;
    drawn.remove();
    view.drawn.delete(row);
  }
  let next = sheet.firstChild;
  for (let row = first; row < last; row++) {
    if (view.drawn.has(row)) {
      next = view.drawn.get(row).nextSibling;
      continue;
    }
    const made = rowElement(view.rows[row]);
    made.style.top = `${row * view.height}px`;
    view.drawn.set(row, made);
    sheet.insertBefore(made, next);
  }
  nameStage();
}

// stageAtTop is the stage of the first row in sight, or -1 where there is none
// or its own header is in sight.
function stageAtTop() {
  const at = scroller.scrollTop / view.height, row = view.rows[Math.floor(at)];
  if (row === undefined) return -1;
  switch (row & 3) {
    case LINE: return view.log.stages[row >> 2] ?? -1;
    case STAGE: return at % 1 ? row >> 2 : -1;
    default: return -1;
  }
}

// nameStage keeps the header of the stage in sight above its lines.
function nameStage() {
  const stage = stageAtTop();
  if (stage === view.named && here.hasChildNodes() === (stage >= 0)) return;
  view.named = stage;
  here.replaceChildren(...(stage >= 0 ? [stageElement(stage)] : []));
  here.style.width = `${scroller.clientWidth}px`;
}

function rowElement(row) {
  const of = row >> 2;
  switch (row & 3) {
    case LINE: return lineElement(of);
    case STAGE: return stageElement(of);
    case LEFT_OUT: return leftOutElement(of);
    default: return element("div", "row gap", "⋯");
  }
}

function lineElement(i) {
  const number = view.log.numbers[i];
  const made = element("div", `row line ${view.marks[i] || ""} ${number === view.target ? "target" : ""}`);
  const link = element("a", "no", String(number));
  link.href = address(view.build, number);
  const text = element("span", "text");
  const line = parse(view.log.texts[i]);
  const [found, current] = matchesIn(line.text, i);
  fill(text, line, view.times ? 0 : stampLength(line.text), found, current);
  made.append(link, text);
  return made;
}

const stampLength = (text) => (time.exec(text) || [""])[0].length;

function stageElement(s) {
  const stage = builds[view.build].stages[s], folded = view.folded.has(s);
  const made = element("div", "row stage");
  const fold = element("button", "", `${folded ? "▸" : "▾"} ${stage.name}`);
  fold.setAttribute("aria-expanded", String(!folded));
  fold.onclick = () => {
    if (!view.folded.delete(s)) view.folded.add(s);
    layOut();
  };
  const only = element("button", "quiet", view.stage === s ? "all stages" : "only this stage");
  only.onclick = () => showStage(view.stage === s ? -1 : s);
  made.append(fold, element("span", `ended ${stage.status}`, stage.status),
    element("span", "extent", counted(stage.last - stage.first + 1, "line")), only);
  return made;
}

// leftOutElement says which lines before index i the page doesn't hold.
function leftOutElement(i) {
  const { numbers } = view.log, build = builds[view.build];
  const from = i ? numbers[i - 1] : 0, to = i < numbers.length ? numbers[i] : build.lines + 1;
  const made = element("div", "row gap", `${counted(to - from - 1, "line")} left out`);
  if (!build.log) return made;
  const link = element("a", "", "the whole log");
  link.href = build.log;
  made.append(": ", link);
  return made;
}

// showStage shows one stage alone, or all (-1), and stays at the same line.
function showStage(s) {
  view.stage = s;
  view.folded.delete(s);
  showControls();
  layOut();
  scrollTo(indexOf(view.log, view.target));
  search();
}

// scrollTo brings a line into sight, in the upper third unless it is in sight.
function scrollTo(i) {
  const row = view.rowOf[i];
  if (row === undefined || row < 0) return;
  const top = row * view.height, above = top - scroller.scrollTop;
  if (above < view.height || above > scroller.clientHeight - 3 * view.height) {
    scroller.scrollTop = Math.max(0, top - scroller.clientHeight / 3);
  }
  draw();
}

// reveal lifts whatever hides a line: a fold, or a filter.
function reveal(i) {
  if (!passes(i, view.near)) {
    view.stage = -1;
    view.only = false;
    showControls();
  }
  view.folded.delete(view.log.stages[i]);
  layOut();
}

// load shows another build's log, unless yet another is asked for meanwhile.
async function load(build) {
  view.wanted = build;
  if (build === view.build) return true;
  const log = await readLog(build);
  if (view.wanted !== build) return false;
  const digits = String(log.numbers.at(-1) || 0).length;
  const longest = log.texts.reduce((most, text) => Math.max(most, text.length), 0);
  Object.assign(view, { build, log, stage: -1, only: false });
  view.folded.clear();
  sheet.style.setProperty("--digits", `${Math.max(4, digits)}ch`);
  sheet.style.minWidth = `calc(${digits + longest}ch + 4em)`;
  scroller.scrollTop = scroller.scrollLeft = 0;
  markFindings();
  showControls();
  layOut();
  search();
  return true;
}

// open shows a line (from 1; 0: the best finding's) of a build's log. A line
// that the page doesn't hold is stood for by the one after it.
async function open(build, number) {
  try {
    if (!await load(build)) return;
  } catch (error) { // a browser without DecompressionStream, or a page that was cut off
    say(`The log can’t be unpacked here: ${error.message}`);
    return;
  }
  const best = builds[build].findings[0];
  const wanted = number || (best ? best.line : 1);
  const i = Math.min(indexOf(view.log, wanted), view.log.texts.length - 1);
  if (i < 0) {
    say(builds[build].log ? "This log is left out of the page." : "There is no log of this build.");
    return;
  }
  view.target = view.log.numbers[i];
  if (view.rowOf[i] < 0) reveal(i);
  redraw();
  scrollTo(i);
  const finding = builds[build].findings.find((f) => f.line <= wanted && wanted <= f.end);
  say(view.target !== wanted ? `Line ${grouped(wanted)} is left out of the page.`
    : finding ? `${finding.severity}, rank ${finding.rank}, line ${grouped(wanted)}: ${finding.message}` : `Line ${grouped(wanted)}`);
}

function say(text) {
  byId("said").textContent = text;
}
