// log.js: the logs that the page holds, and a line of one as harmless text.
// Log text only ever becomes text nodes.

const builds = JSON.parse(document.getElementById("data").textContent);

// element makes an element with a class and text.
function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// unpack is a data block's text: base64 of gzip of UTF-8.
async function unpack(block) {
  const packed = Uint8Array.from(atob(block.textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await new Response(stream).arrayBuffer());
}

// readLog is a build's log: its lines' texts, their numbers (which have gaps
// where lines are left out), and the index of each line's stage, or -1.
async function readLog(index) {
  const log = { texts: [], numbers: [], stages: [] };
  for (const block of document.querySelectorAll(`script[data-build="${index}"]`)) {
    let number = Number(block.dataset.first);
    for (const text of (await unpack(block)).split("\n")) {
      log.texts.push(text);
      log.numbers.push(number++);
    }
  }
  log.stages = new Int16Array(log.texts.length).fill(-1);
  builds[index].stages.forEach((stage, s) => {
    log.stages.fill(s, indexOf(log, stage.first), indexOf(log, stage.last + 1));
  });
  return log;
}

// indexOf is the index of the first line from number on.
function indexOf(log, number) {
  let low = 0, high = log.numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (log.numbers[middle] < number) low = middle + 1; else high = middle;
  }
  return low;
}

// The terminal's sequences, as loggate strips them everywhere, and of these the
// ones that set colours.
const sequence = /(?:\x1b\[|\u009b)[0-?]*[ -\/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -\/]*[0-OQ-WYZ\\`-~]/g;
const colour = /^(?:\x1b\[|\u009b)([0-9;:]*)m$/;

// The time that CodeArts puts before each line.
const time = /^\[\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: GMT[+-]\d\d:\d\d)?\] ?/;

// Characters that show nothing of themselves or change how others are shown.
const hidden = /((?!\t)[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u3164\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}])/u;

// plain is a line without sequences.
function plain(text) {
  return text.includes("\x1b") || text.includes("\u009b") ? text.replace(sequence, "") : text;
}

// parse is a line as plain text and runs: from where on which classes hold.
function parse(text) {
  const runs = [{ at: 0, style: "" }];
  if (!text.includes("\x1b") && !text.includes("\u009b")) return { text, runs };
  let out = "", after = 0, state = {};
  for (const match of text.matchAll(sequence)) {
    out += text.slice(after, match.index);
    after = match.index + match[0].length;
    const codes = colour.exec(match[0]);
    if (!codes) continue;
    state = paint(state, codes[1]);
    runs.push({ at: out.length, style: classes(state) });
  }
  return { text: out + text.slice(after), runs };
}

// paint is the state after the codes of one "select graphic rendition".
function paint(before, codes) {
  let state = { ...before };
  const list = codes.split(/[;:]/).map(Number);
  for (let i = 0; i < list.length; i++) {
    const code = list[i];
    if (code === 0) state = {};
    else if (code === 1) state.bold = true;
    else if (code === 2) state.dim = true;
    else if (code === 3) state.italic = true;
    else if (code === 4) state.underline = true;
    else if (code === 7) state.inverse = true;
    else if (code === 22) state.bold = state.dim = false;
    else if (code === 23) state.italic = false;
    else if (code === 24) state.underline = false;
    else if (code === 27) state.inverse = false;
    else if (code >= 30 && code <= 37) state.ink = code - 30;
    else if (code >= 90 && code <= 97) state.ink = code - 82;
    else if (code === 39) state.ink = undefined;
    else if (code >= 40 && code <= 47) state.paper = code - 40;
    else if (code >= 100 && code <= 107) state.paper = code - 92;
    else if (code === 49) state.paper = undefined;
    else if (code === 38 || code === 48) {
      const many = list[i + 1] === 5;
      state[code === 38 ? "ink" : "paper"] = many ? ofTable(list[i + 2]) : nearest(list.slice(i + 2, i + 5));
      i += many ? 2 : 4;
    }
  }
  return state;
}

function classes(state) {
  const list = ["bold", "dim", "italic", "underline"].filter((name) => state[name]);
  let { ink, paper } = state;
  if (state.inverse) [ink, paper] = [paper, ink ?? 7];
  if (paper !== undefined) list.push(`paper${paper}`);
  else if (ink !== undefined) list.push(`ink${ink}`);
  return list.join(" ");
}

// Sixteen colours that can be read on light and on dark stand for all others.
const sixteen = [[0, 0, 0], [170, 0, 0], [0, 170, 0], [170, 85, 0], [0, 0, 170], [170, 0, 170], [0, 170, 170], [170, 170, 170],
  [85, 85, 85], [255, 85, 85], [85, 255, 85], [255, 255, 85], [85, 85, 255], [255, 85, 255], [85, 255, 255], [255, 255, 255]];

function nearest(rgb) {
  const distances = sixteen.map((known) => known.reduce((sum, part, i) => sum + (part - (rgb[i] || 0)) ** 2, 0));
  return distances.indexOf(Math.min(...distances));
}

// ofTable is one of 256 colours: sixteen, a cube of six by six by six, greys.
function ofTable(n) {
  if (!(n > 15)) return n >= 0 ? n : 7;
  if (n > 231) return nearest(Array(3).fill(8 + (n - 232) * 10));
  const cube = n - 16;
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => part * 51));
}

// fill shows a line in an element. marks are ranges of its plain text to be
// marked as found: in order, apart, and current is the one that is stood on.
function fill(parent, { text, runs }, from, marks, current) {
  const cuts = new Set([from, text.length]);
  for (const run of runs) cuts.add(Math.max(from, run.at));
  for (const [start, end] of marks) cuts.add(start).add(end);
  const stamp = from === 0 ? (time.exec(text) || [""])[0].length : 0;
  cuts.add(Math.max(from, stamp));
  const at = [...cuts].sort((a, b) => a - b);
  let run = 0, mark = 0;
  for (let i = 0; i + 1 < at.length; i++) {
    while (run + 1 < runs.length && runs[run + 1].at <= at[i]) run++;
    while (mark < marks.length && marks[mark][1] <= at[i]) mark++;
    const style = at[i] < stamp ? "time" : runs[run].style;
    let target = parent;
    if (style) target = target.appendChild(element("span", style));
    if (mark < marks.length && marks[mark][0] <= at[i]) {
      target = target.appendChild(element("mark", marks[mark][0] === current ? "current" : ""));
    }
    write(target, text.slice(at[i], at[i + 1]));
  }
}

// write adds text as text nodes, with characters that don't show spelt out.
function write(parent, text) {
  text.split(hidden).forEach((part, i) => {
    if (i % 2) parent.append(element("span", "hidden", `\\u${part.codePointAt(0).toString(16).padStart(4, "0")}`));
    else if (part) parent.append(part);
  });
}
