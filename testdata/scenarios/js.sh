# node, npm, tsc, ESLint, Jest, Vitest, Mocha, webpack and Vite, from $TOOLS/npm.
export PATH=$TOOLS/npm/node_modules/.bin:$PATH NPM_CONFIG_FUND=false NPM_CONFIG_AUDIT=false

package() {
  ln -s "$TOOLS/npm/node_modules" node_modules
  printf '{\n  "name": "shop",\n  "version": "1.0.0",\n  "private": true,\n  "scripts": {%s}\n}\n' "$1" >package.json
}

fail_node_reference() {
  root 'ReferenceError: totl is not defined'
  printf 'console.log("0 errors");\nfunction total(n) {\n  return totl * n;\n}\ntotal(2);\n' >shop.js
  node shop.js
}

fail_node_module() {
  codearts 'Npm构建:official_shell_npm'
  root "Error: Cannot find module 'payments-of-the-shop'"
  printf 'const pay = require("payments-of-the-shop");\npay();\n' >shop.js
  node shop.js
}

fail_node_rejection() {
  root 'TypeError: Cannot read properties of undefined'
  file shop.mjs <<'JS'
async function price(item) {
  return item.price.amount;
}
await Promise.resolve();
console.error("Error rate: 0 %");
await price({ name: "book" });
JS
  node shop.mjs
}

fail_node_heap() {
  root 'FATAL ERROR:'
  printf 'const all = [];\nfor (;;) all.push(new Array(1000).fill(all.length));\n' >shop.js
  node --max-old-space-size=30 shop.js
}

fail_node_test() {
  root "'total'"
  root '4 !== 5'
  file shop.test.js <<'JS'
const test = require("node:test");
const assert = require("node:assert");
test("reports an error", () => console.log("Error: expected"));
test("total", () => assert.strictEqual(2 * 2, 5));
JS
  node --test --test-reporter=spec shop.test.js
}

pass_node_test() {
  file error.test.js <<'JS'
const test = require("node:test");
const assert = require("node:assert");
test("fails on error", () => assert.throws(() => { throw new Error("failed"); }));
test("Error: is only a name", { todo: true }, () => console.error("TypeError: expected in the output"));
JS
  node --test --test-reporter=spec error.test.js
}

fail_npm_script() {
  codearts 'Npm构建:official_shell_npm'
  root 'npm error Missing script: "biuld"'
  printf '{"name": "shop", "version": "1.0.0", "scripts": {"build": "true"}}\n' >package.json
  npm run biuld
}

fail_npm_lock() {
  root '`npm ci` can only install packages when your package.json and package-lock.json'
  root 'Missing: left-pad@1.3.0 from lock file'
  root 'npm error Missing: left-pad'
  printf '{"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}\n' >package.json
  printf '{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "shop", "version": "1.0.0"}}}\n' >package-lock.json
  npm ci
}

fail_npm_json() {
  root 'npm error code EJSONPARSE'
  printf '{"name": "shop",\n "version": "1.0.0",,\n}\n' >package.json
  npm run build
}

fail_npm_refused() {
  root 'ECONNREFUSED'
  printf '{"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}\n' >package.json
  npm install --registry=http://127.0.0.1:9/ --fetch-retries=1 --fetch-retry-mintimeout=10 --fetch-retry-maxtimeout=20
}

fail_npm_lifecycle() {
  codearts 'Npm构建:official_shell_npm'
  root 'shop.js: prices.json is older than 30 days'
  printf '{"name": "shop", "version": "1.0.0", "scripts": {"prebuild": "echo error pages: 3", "build": "node shop.js"}}\n' >package.json
  printf 'console.error("shop.js: prices.json is older than 30 days");\nprocess.exit(3);\n' >shop.js
  npm run build
}

pass_npm_run() {
  package '"build": "node shop.js", "posttest": "echo 0 failing, 0 errors", "test": "node shop.js --error"'
  printf 'console.log("built error.html, 404.html and fatal.css");\nconsole.warn("warning: deprecated option --fail");\n' >shop.js
  npm run build && npm test
}

fail_tsc_types() {
  root "cart.ts(2,3): error TS2322: Type 'string' is not assignable to type 'number'."
  package ''
  printf 'export function total(n: number): number {\n  return `${n}`;\n}\n' >cart.ts
  printf 'export class ShopError extends Error {}\n' >errors.ts
  tsc --noEmit --strict --pretty false cart.ts errors.ts
}

fail_tsc_pretty() {
  codearts 'Npm构建:official_shell_npm'
  root "Property 'totl' does not exist on type 'Cart'"
  package ''
  printf 'interface Cart { total: number }\nexport const n = (c: Cart) => c.totl;\n' >cart.ts
  tsc --noEmit --strict --pretty cart.ts
}

fail_tsc_config() {
  root "error TS5025: Unknown compiler option 'strictt'."
  package ''
  printf '{"compilerOptions": {"strictt": true}}\n' >tsconfig.json
  echo 'export {};' >cart.ts
  tsc -p .
}

fail_eslint_rules() {
  root "2:9   error"
  root "'total' is assigned a value but never used"
  package ''
  printf 'export default [{ rules: { "no-unused-vars": "error", "no-console": "warn" } }];\n' >eslint.config.mjs
  printf 'console.log("error");\nconst error = 1, total = 2;\nexport default error;\n' >cart.mjs
  printf 'console.log("fine");\n' >ok.mjs
  eslint .
}

fail_eslint_parse() {
  root 'Parsing error: Unexpected token'
  package ''
  echo 'export default [{}];' >eslint.config.mjs
  printf 'const total = ;\n' >cart.mjs
  eslint .
}

pass_eslint_warnings() {
  package ''
  printf 'export default [{ rules: { "no-unused-vars": "warn", "no-console": "warn" } }];\n' >eslint.config.mjs
  printf 'const error = 1;\nconsole.log("fatal error");\n' >cart.mjs
  eslint .
}

fail_jest_assert() {
  codearts 'Npm构建:official_shell_npm'
  root '● total › of two'
  root 'Expected: 5'
  package ''
  file cart.test.js <<'JS'
test("reports errors", () => console.error("Error: expected in this test"));
describe("total", () => {
  test("of two", () => {
    expect(2 * 2).toBe(5);
  });
});
JS
  jest --ci --no-cache
}

fail_jest_suite() {
  root "Cannot find module './totals' from 'cart.test.js'"
  package ''
  printf 'const { total } = require("./totals");\ntest("total", () => expect(total(2)).toBe(4));\n' >cart.test.js
  jest --ci --no-cache
}

pass_jest_errors() {
  package ''
  file errors.test.js <<'JS'
describe("Error page", () => {
  test("FAIL is shown", () => { console.error(new Error("boom")); });
  test("throws", () => expect(() => { throw new TypeError("failed"); }).toThrow("failed"));
  test.failing("known bug", () => expect(1).toBe(2));
  test.skip("fails on error", () => {});
});
JS
  jest --ci --no-cache --verbose
}

fail_vitest_assert() {
  root 'AssertionError: expected 4 to be 5'
  package ''
  printf 'import { test, expect } from "vitest";\ntest("errors", () => { console.error("Error: expected"); });\ntest("total", () => {\n  expect(2 * 2).toBe(5);\n});\n' >cart.test.mjs
  vitest run --no-color
}

pass_vitest_errors() {
  codearts 'Npm构建:official_shell_npm'
  package ''
  printf 'import { test, expect } from "vitest";\ntest("fails with Error", () => { expect(() => { throw new Error("x"); }).toThrow(); });\ntest.fails("known error", () => { expect(1).toBe(2); });\n' >errors.test.mjs
  vitest run --reporter=verbose
}

fail_mocha_assert() {
  root 'AssertionError [ERR_ASSERTION]: Expected values to be strictly equal'
  root '1) cart'
  package ''
  file test/cart.js <<'JS'
const assert = require("assert");
describe("cart", () => {
  it("logs an error", () => console.log("Error: expected"));
  it("total", () => assert.strictEqual(2 * 2, 5));
  it("error page");
});
JS
  mocha
}

fail_mocha_timeout() {
  codearts 'Npm构建:official_shell_npm'
  root 'Error: Timeout of 100ms exceeded'
  package ''
  printf 'describe("orders", () => {\n  it("arrive", (done) => { setTimeout(() => {}, 300); });\n});\n' | file test/orders.js
  mocha --timeout 100 --exit
}

pass_mocha_errors() {
  package ''
  printf 'describe("errors", () => {\n  it("failing: 1 error", () => { console.log("1) Error: 0 failing"); });\n  it("is pending on failure");\n});\n' | file test/errors.js
  mocha
}

fail_webpack_resolve() {
  root "Module not found: Error: Can't resolve './totals'"
  package ''
  printf 'import { total } from "./totals";\nconsole.log(total);\n' | file src/index.js
  webpack --mode production
}

fail_webpack_parse() {
  codearts 'Npm构建:official_shell_npm'
  root 'Module parse failed: Unexpected token (2:7)'
  package ''
  printf 'const total = 1;\nexport = total;\n' | file src/index.js
  webpack --mode development
}

fail_vite_import() {
  root 'Could not resolve "./totals" from "main.js"'
  root 'Could not resolve "./totals"'
  package ''
  printf '<!doctype html><title>error</title><script type="module" src="/main.js"></script>\n' >index.html
  printf 'import { total } from "./totals";\nconsole.log(total);\n' >main.js
  vite build
}

pass_vite_build() {
  package ''
  printf '<!doctype html><title>error</title><script type="module" src="/error-handler.js"></script>\n' >index.html
  printf 'console.error("Error: failed");\n' >error-handler.js
  vite build
}
