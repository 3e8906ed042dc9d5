// page.mjs: Chromium, and the pages that browser/pages has written.
import { chromium } from "playwright-core";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";

const dir = process.env.PAGES;
if (!dir) throw new Error("PAGES names no directory: run .ci/browser");

// Without these, Chromium looks for a sandbox, a GPU and Google's hosts.
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });

export const desktop = { viewport: { width: 1440, height: 900 } };
export const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

// open opens a page by name and address, ready or not, and notes in page.said
// what the browser complains of and in page.loaded what it asks for. prepare
// gets the page while it is still empty.
export async function open(browser, name, hash = "", options = desktop, prepare = () => {}) {
  const page = await browser.newPage(options);
  await prepare(page);
  Object.assign(page, { said: [], loaded: [] });
  page.on("console", (message) => page.said.push(message.text()));
  page.on("pageerror", (error) => page.said.push(String(error)));
  page.on("dialog", (dialog) => { page.said.push(dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => page.loaded.push(request.url()));
  await page.goto(`file://${dir}/${name}/report.html${hash}`);
  return page;
}

// target waits until the viewer stands on a line, and gives its text.
export async function target(page, number) {
  const row = page.locator("#log .row.target");
  await row.filter({ has: page.locator(".no", { hasText: new RegExp(`^${number}$`) }) }).waitFor();
  return row.locator(".text").innerText();
}

// inSight says whether the target's row is within the viewer.
export const inSight = (page) => page.evaluate(() => {
  const row = document.querySelector(".row.target").getBoundingClientRect();
  const log = document.getElementById("log").getBoundingClientRect();
  return row.top >= log.top && row.bottom <= log.bottom + 1;
});

// serve serves a page under a policy, as Jenkins does, until closed.
export async function serve(name, policy) {
  const server = createServer(async (request, response) => {
    if (request.url !== "/report.html") return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy });
    response.end(await readFile(`${dir}/${name}/report.html`));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref(); // a test that fails must not keep the process
  return { address: `http://127.0.0.1:${server.address().port}/report.html`, close: () => server.close() };
}
