// What holds whatever a log says and wherever the page is served.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import axe from "axe-core";
import { desktop, launch, open, phone, serve } from "./page.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const [how, options] of Object.entries({
  light: { ...desktop, colorScheme: "light" }, dark: { ...desktop, colorScheme: "dark" }, phone: { ...phone, colorScheme: "light" },
})) {
  test(`axe finds nothing serious: ${how}`, async (t) => {
    for (const [name, hash, query] of [["sample", "", "error"], ["sample", "#colours-3-L1", "ink"], ["hostile", "", "r"]]) {
      const page = await open(browser, name, hash, options);
      await page.locator("#log .row.target").waitFor({ state: "attached" });
      await page.evaluate(() => { for (const part of document.querySelectorAll("details")) part.open = true; });
      await page.locator("#query").fill(query);
      await page.locator("mark").first().waitFor({ state: "attached" });
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate((of) => axe.run(of, { resultTypes: ["violations"] }), hash ? "#viewer" : "html");
      t.diagnostic(`${name}${hash}: ${violations.length} violations of any impact`);
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(" ")}`), [], `${name}${hash}`);
      await page.close();
    }
  });
}

test("a hostile log runs nothing and loads nothing", async () => {
  const page = await open(browser, "hostile");
  await page.locator("#log .row.target").waitFor();
  const before = await page.title();
  await page.evaluate(() => { for (const part of document.querySelectorAll("details")) part.open = true; });
  for (const key of ["n", "n", "p"]) await page.keyboard.press(key);
  for (const query of ["script", "<", "\\u202e", "xxxx"]) {
    await page.locator("#query").fill(query);
    await page.keyboard.press("Enter");
  }
  await page.evaluate(() => { document.getElementById("log").scrollLeft = 1e6; });
  await page.waitForTimeout(200);
  assert.equal(await page.title(), before);
  assert.deepEqual(page.said, []);
  assert.deepEqual(page.loaded, [page.url().replace(/#.*/, "")]);
  assert.equal(await page.locator("img, iframe, link, object, embed, svg script").count(), 0);
  assert.match(await page.locator("#lines").innerText(), /<\/script><script>document\.title = "ran"<\/script>/);
  await page.close();
});

test("the page's own policy stops any other script", async () => {
  const page = await open(browser, "sample");
  await page.locator("#log .row.target").waitFor();
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'ran'" }));
    document.body.insertAdjacentHTML("beforeend", `<img src="x.png" onerror="document.title = 'ran'"><p style="color: red">`);
  });
  await page.waitForTimeout(100);
  assert.doesNotMatch(await page.title(), /ran$/);
  assert.ok(page.said.length >= 3, page.said.join());
  await page.close();
});

test("without script and style, as Jenkins serves it, it still reads", async () => {
  for (const policy of ["sandbox; default-src 'none'", "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"]) {
    const server = await serve("sample", policy);
    const page = await browser.newPage(desktop);
    await page.goto(server.address);
    const text = await page.locator("body").innerText();
    for (const wanted of [/fail\s+2 of 5 builds failed/i, /web #57\s+failure/, /error TS2322/, /worker #311/, /logs\/2\.log/, /Scripts are blocked/]) {
      assert.match(text, wanted);
    }
    assert.ok(await page.locator("table tbody tr").count() === 5);
    assert.ok(await page.locator("pre.excerpt").first().isVisible());
    assert.ok(await page.locator("#viewer").isHidden());
    await page.locator('a.no[href="#web-57-L206"]').first().click();
    assert.equal(await page.locator(":target").innerText(), "206");
    await page.close();
    server.close();
  }
});
