// sixty.mjs DIRECTORY: the logs of sixty builds, for loggate simulate, out of the
// real logs in testdata.
import { copyFile, mkdir, writeFile } from "node:fs/promises";

const dir = process.argv[2];
if (!dir) throw new Error("usage: node sixty.mjs DIRECTORY");
const testdata = new URL("../testdata/", import.meta.url).pathname;

// What fails, and with which log; three for the same reason.
const failures = {
  "basket-web": "logs/node-syntax.codearts", "billing-api": "logs/go-race.codearts", "catalogue-web": "logs/npm-404.codearts",
  "checkout-web": "logs/npm-404.codearts", "invoice-worker": "demo/worker", "search-index": "logs/c-asan.codearts",
  "shop-infra": "logs/tf-invalid.codearts", "tax-api": "logs/mvn-bad-pom.codearts", "wishlist-web": "logs/npm-404.codearts",
};
const passes = ["demo/api", "demo/docs", "logs/own-go-verbose", "logs/own-maven-noise"];

// What else is odd: one may not be read, one was aborted.
const odd = { "media-worker": { forbidden: true }, "stock-index": { result: "ABORTED" } };

const parts = ["account", "basket", "billing", "catalogue", "checkout", "delivery", "invoice", "media", "order", "price", "review",
  "search", "stock", "tax", "wishlist"];
const kinds = ["api", "index", "web", "worker"];
const names = parts.flatMap((part) => kinds.map((kind) => `${part}-${kind}`)).filter((name) => name !== "account-index");

await mkdir(dir, { recursive: true });
for (const [i, name] of [...names, "shop-infra"].entries()) {
  await copyFile(`${testdata}${failures[name] ?? passes[i % passes.length]}.log`, `${dir}/${name}.log`);
  await writeFile(`${dir}/${name}.json`, JSON.stringify({ build_no: 20 + (i * 37) % 400, took: `${20 + (i * 53) % 280}s`, ...odd[name] }));
}
