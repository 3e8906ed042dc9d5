// What people do with the log viewer.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { desktop, inSight, launch, open, phone, target } from "./page.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const found = (page, text) => page.locator("#found", { hasText: text }).waitFor();
const count = (page, selector) => page.locator(selector).count();

test("opens at rank 1 of the first failed build", async () => {
  const page = await open(browser, "sample");
  assert.match(await target(page, 205), /error TS2322/);
  assert.ok(await inSight(page));
  assert.equal(await page.locator("#build option:checked").innerText(), "web #57");
  assert.match(await page.locator("#said").innerText(), /rank 1.*TS2322/);
  assert.deepEqual(page.said, []);
  await page.close();
});

test("opens the line that the address names, and follows its changes", async () => {
  const page = await open(browser, "sample", "#worker-311-L52");
  assert.match(await target(page, 52), /taxIsRoundedHalfUp/);
  await page.locator('#log a.no[href="#worker-311-L54"]').click();
  await target(page, 54);
  assert.match(page.url(), /#worker-311-L54$/);
  await page.goBack();
  await target(page, 52);
  await page.locator('main a[href="#web-57-L207"]').first().evaluate((link) => link.click());
  assert.match(await target(page, 207), /TS2339/);
  await page.close();
  const small = await open(browser, "sample", "#worker-311-L52", phone);
  await target(small, 52);
  await small.waitForFunction(() => document.getElementById("viewer").getBoundingClientRect().top < 100);
  await small.close();
});

test("the stage that the lines in sight are of stands above them", async () => {
  const page = await open(browser, "sample");
  await target(page, 205);
  assert.match(await page.locator("#here").innerText(), /Npm构建.*failure/s);
  await page.locator("#log").evaluate((log) => { log.scrollTop = 0; });
  await page.waitForFunction(() => !document.querySelector("#here *"));
  await page.close();
});

test("search ignores case, Enter goes on, Shift-Enter back, / focuses", async () => {
  const page = await open(browser, "sample");
  await target(page, 205);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "query");
  await page.keyboard.type("SRC/");
  await page.keyboard.press("Enter");
  await found(page, /^\d+ of \d+$/);
  const [, first, all] = /(\d+) of (\d+)/.exec(await page.locator("#found").innerText()).map(Number);
  assert.ok(all > 2);
  assert.equal((await page.locator("mark.current").innerText()).toLowerCase(), "src/");
  await page.keyboard.press("Enter");
  await found(page, `${first % all + 1} of ${all}`);
  await page.keyboard.press("Shift+Enter");
  await found(page, `${first} of ${all}`);
  await page.locator("#query").fill("no such text");
  await found(page, "none");
  await page.locator("#query").fill("[.*");
  await found(page, "none");
  await page.close();
});

test("n and p go through the findings of all builds", async () => {
  const page = await open(browser, "sample");
  await target(page, 205);
  await page.keyboard.press("n");
  await target(page, 207);
  await page.keyboard.press("p");
  await target(page, 205);
  await page.keyboard.press("p");
  await page.locator("#build", { has: page.locator("option:checked") }).waitFor();
  assert.doesNotMatch(page.url(), /web-57-L205/);
  await page.locator("#query").focus();
  const before = page.url();
  await page.keyboard.type("np");
  assert.equal(page.url(), before);
  await page.close();
});

test("stages fold, and one can be seen alone", async () => {
  const page = await open(browser, "sample");
  await target(page, 205);
  const [stages, lines] = await page.evaluate(() => {
    const { stages, lines } = JSON.parse(document.getElementById("data").textContent).find((b) => b.name === "web #57");
    return [stages, lines];
  });
  await page.locator("#fold").click();
  const outside = lines - stages.reduce((sum, s) => sum + s.last - s.first + 1, 0);
  assert.ok(outside > 0 && outside < 20, `${outside} lines are outside of all stages`);
  assert.equal(await count(page, "#lines .row.line"), outside);
  assert.equal(await count(page, "#lines .row.stage"), stages.length);
  await page.locator("#lines .row.stage button[aria-expanded=false]").first().click();
  assert.ok(await page.locator('#log .no[href="#web-57-L4"]').isVisible());
  await page.goto(page.url().replace(/#.*|$/, "#web-57-L100")); // unfolds what hides it
  await target(page, 100);
  const onlyLines = async (stage) => {
    const numbers = await page.locator("#lines .row.line .no").allInnerTexts();
    assert.ok(numbers.length > 5 && numbers.every((n) => n >= stage.first && n <= stage.last), numbers.join());
  };
  await page.locator("#stage").selectOption(stages[1].name);
  await onlyLines(stages[1]);
  await page.locator("#lines .row.stage button", { hasText: "all stages" }).click();
  await page.locator("#lines .row.line", { hasText: String(stages[1].last + 1) }).first().waitFor();
  await page.locator("#here button", { hasText: "only this stage" }).click(); // of the stage in sight
  await onlyLines(stages[2]);
  assert.equal(await page.locator("#stage option:checked").innerText(), stages[2].name);
  await page.close();
});

test("filters by severity", async () => {
  const page = await open(browser, "long");
  await target(page, 60000);
  await page.locator("#only").click();
  const errors = () => count(page, "#log .row.error"), warnings = () => count(page, "#log .row.warning");
  assert.ok(await errors() === 1 && await warnings() > 1);
  assert.ok(await count(page, "#log .row.line") < 400);
  await page.locator(".severity.warning").click();
  assert.ok(await errors() === 1 && await warnings() === 0);
  assert.equal(await count(page, "#log .row.line"), 7);
  await page.locator("details.findings > summary").click();
  assert.ok(await page.locator(".findings .finding.warning").first().isHidden());
  await page.locator(".severity.warning").click();
  assert.ok(await page.locator(".findings .finding.warning").first().isVisible());
  await page.locator(".severity.error").click();
  assert.ok(await errors() === 0 && await warnings() > 1);
  await page.close();
});

test("shows colours, and the times only if wanted", async () => {
  const page = await open(browser, "sample", "#colours-3-L1");
  await target(page, 1);
  assert.equal(await page.locator("#log .ink1").first().innerText(), "ink 1");
  assert.equal(await page.locator("#log .paper4").first().innerText(), "paper");
  await page.goto(page.url().replace(/#.*/, "#web-57-L205"));
  assert.match(await target(page, 205), /^\[2026\//);
  await page.locator("#times").click();
  assert.match(await target(page, 205), /^src\/main/);
  await page.close();
});

test("says what of a large log is left out", async () => {
  const page = await open(browser, "large");
  await target(page, 180000);
  assert.match(await page.locator("td.log").innerText(), /[\d,]+ of 300,000 lines are left out/);
  await page.goto(page.url().replace(/#.*|$/, "#large-1-L150000"));
  await page.locator("#said", { hasText: "Line 150,000 is left out" }).waitFor();
  await target(page, 179000); // the next one that is there
  const gap = page.locator("#log .row.gap");
  assert.match(await gap.innerText(), /^[\d,]+ lines left out: the whole log$/);
  const [above, below] = await gap.evaluate((row) => [row.previousSibling, row.nextSibling].map((near) => near.querySelector(".no")?.innerText));
  assert.equal(await gap.innerText(), `${(below - above - 1).toLocaleString("en")} lines left out: the whole log`);
  assert.equal(await gap.locator("a").getAttribute("href"), "./logs/1.log");
  await page.close();
});

test("of two hundred builds those that failed are seen first", async () => {
  const page = await open(browser, "many");
  assert.match(await target(page, 205), /error TS2322/);
  assert.equal(await page.locator("#build option:checked").innerText(), "web-010 #10");
  assert.equal(await page.locator("#builds > table > tbody > tr").count(), 20);
  assert.ok(await page.locator("#builds > table td.status").allInnerTexts().then((all) => all.every((text) => text === "failure")));
  assert.equal(await page.locator("details.passed > summary").innerText(), "180 builds passed");
  assert.equal(await page.locator("details.passed tbody tr").count(), 180);
  assert.equal(await page.locator("#build option").count(), 200);
  assert.equal(await page.locator(".timeline li:not(.stage)").count(), 200);
  await page.locator("#build").selectOption("api-199 #199");
  await target(page, 1);
  await page.close();
});

test("on a phone nothing is wider than the screen", async () => {
  for (const name of ["sample", "hostile", "large"]) {
    const page = await open(browser, name, "", phone);
    await page.locator("#log .row.target").waitFor({ state: "attached" });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, name);
    await page.locator(".finding .message a").first().tap();
    await page.waitForFunction(() => document.getElementById("viewer").getBoundingClientRect().top < 100);
    await page.close();
  }
});

test("on a desktop facts and log stand side by side", async () => {
  const page = await open(browser, "sample", "", desktop);
  await target(page, 205);
  const { x, y, height } = await page.locator("#viewer").boundingBox();
  assert.ok(x > 500 && y === 0 && height === 900);
  await page.close();
});
