// summary.test.mjs: summaries as GitHub shows them are loggate's own page with
// others' text in it, whatever that text is.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { tree } from "./github.mjs";

const ours = new Set(["h2", "h3", "p", "strong", "code", "pre", "br", "ul", "li", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"]);

// linkable is what GitHub makes links, emoji and formulas of outside of code.
const linkable = /@\w|#\d|\bGH-\d|https?:|www\.|mailto:|\b[0-9a-f]{7,40}\b|:[a-z]+:|\$/i;

// walk tells the elements of a page, all its text, and the text outside of code.
function walk(node, page = { elements: [], text: "", prose: "" }, inCode = false) {
  if (node.type === "text") {
    page.text += node.value;
    if (!inCode) page.prose += `${node.value} `;
  }
  if (node.type === "element") page.elements.push(node);
  for (const child of node.children ?? []) walk(child, page, inCode || node.tagName === "code");
  return page;
}

const pageOf = (dir) => walk(tree(readFileSync(`${dir}/summary.md`, "utf8")));
const squeeze = (text) => text.replace(/\s+/g, " ");
const count = (page, name) => page.elements.filter((e) => e.tagName === name).length;

function checkPage(page, dir) {
  for (const element of page.elements) {
    const attributes = Object.keys(element.properties).filter((name) => !["align", "className"].includes(name));
    assert.ok(ours.has(element.tagName), `${dir}: an element ${element.tagName}`);
    assert.deepEqual(attributes, [], `${dir}: attributes of ${element.tagName}`);
  }
  assert.equal(linkable.exec(page.prose)?.[0], undefined, `${dir}: outside of code`);
  assert.equal(count(page, "h2"), 1, dir);
}

// shape is how many there are of each element that a text might break.
const shape = (page) => Object.fromEntries(["h2", "h3", "table", "tr", "td", "details", "pre", "li"].map((name) => [name, count(page, name)]));

test("hostile text arrives as text", () => {
  const cases = readdirSync(process.env.KEPT);
  assert.ok(cases.length > 40);
  const harmless = shape(pageOf(`${process.env.KEPT}/00`));
  assert.equal(JSON.parse(readFileSync(`${process.env.KEPT}/00/case.json`, "utf8")).name, "harmless");
  for (const name of cases) {
    const dir = `${process.env.KEPT}/${name}`;
    const told = JSON.parse(readFileSync(`${dir}/case.json`, "utf8"));
    const page = pageOf(dir);
    checkPage(page, `${name} (${told.name})`);
    assert.deepEqual(shape(page), harmless, told.name);
    const seen = squeeze(page.text).split(squeeze(told.seen)).length - 1;
    assert.ok(seen >= 10, `${told.name} is seen ${seen} times:\n${page.text.slice(0, 5000)}`);
  }
});

test("the program's summaries", () => {
  for (const name of readdirSync(process.env.WRITTEN)) {
    const page = pageOf(`${process.env.WRITTEN}/${name}`);
    checkPage(page, name);
    assert.ok(Buffer.byteLength(page.text) < 1 << 20);
  }
});
