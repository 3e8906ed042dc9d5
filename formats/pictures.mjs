// pictures.mjs OUT SUMMARY.md [HEIGHT]: OUT-light.png and OUT-dark.png, a summary as
// GitHub shows it, at most HEIGHT pixels of it.
import { chromium } from "playwright-core";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { render } from "./github.mjs";

const [out, summary, height] = process.argv.slice(2);
if (!summary) throw new Error("usage: node pictures.mjs OUT SUMMARY.md [HEIGHT]");

// Without these, Chromium looks for a sandbox, a GPU and Google's hosts.
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// A step's summary on a run's page is about as wide.
const width = 1000;
const paper = { light: "#ffffff", dark: "#0d1117" };

const content = render(await readFile(summary, "utf8"));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
for (const mode of ["light", "dark"]) {
  const style = await readFile(createRequire(import.meta.url).resolve(`github-markdown-css/github-markdown-${mode}.css`), "utf8");
  const page = await browser.newPage({ viewport: { width, height: 400 } });
  await page.setContent(`<!doctype html><html lang="en"><meta charset="utf-8">
    <style>${style} body { margin: 0; background: ${paper[mode]} } article { padding: 24px }</style>
    <article class="markdown-body">${content}</article>`);
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.screenshot({ path: `${out}-${mode}.png`, fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(whole, Number(height) || whole) } });
}
await browser.close();
