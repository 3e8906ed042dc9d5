// formats.test.mjs: what loggate has written is valid by the schemas of those who
// read it: the golden files, WRITTEN's output directories of the program, and in
// KEPT what a report full of hostile text becomes (.ci/schemas).
import assert from "node:assert/strict";
import { readdirSync, readFileSync, existsSync } from "node:fs";
import { test } from "node:test";
import Ajv04 from "ajv-draft-04";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { validateXML } from "xmllint-wasm";

const report = new URL("../internal/report/", import.meta.url).pathname;
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

// dirs are the directories in those that the environment names.
const dirs = [process.env.WRITTEN, process.env.KEPT].flatMap((root) => {
  assert.ok(root, "WRITTEN and KEPT name no directories: run .ci/schemas");
  return readdirSync(root).map((name) => `${root}/${name}`);
}).concat(`${report}testdata`);

// validator compiles a JSON Schema; what it returns gives the errors in texts.
function validator(Ajv, schema, strict) {
  const ajv = new Ajv({ allErrors: true, strict });
  addFormats(ajv);
  const validate = ajv.compile(json(schema));
  return async (texts) => texts.flatMap(({ fileName, contents }) => {
    validate(JSON.parse(contents));
    return (validate.errors ?? []).slice(0, 5).map((e) => `${fileName}: ${e.instancePath} ${e.message}`);
  });
}

const xsd = { fileName: "junit.xsd", contents: readFileSync(`${report}testdata/junit.xsd`, "utf8") };
const xml = async (texts) => (await validateXML({ xml: texts, schema: [xsd] })).errors.map((e) => e.rawMessage);

// Each file, what reads it, and a change after which it must be refused.
const files = [
  ["report.json", validator(Ajv2020, `${report}report.schema.json`, true), (text) => text.replace('"verdict": "', '"verdict": "x')],
  ["loggate.sarif", validator(Ajv04, `${report}testdata/sarif-schema-2.1.0.json`, false), (text) => text.replace('"version": "2.1.0"', '"version": "2.0.0"')],
  ["gl-code-quality-report.json", validator(Ajv2020, `${report}testdata/codequality.schema.json`, true), (text) => text.replace(/"(critical|major|minor|info)"/, '"dire"')],
  ["junit.xml", xml, (text) => text.replace("<testsuite ", '<testsuite unheard="of" ')],
];

for (const [name, errors, spoil] of files) {
  test(name, async () => {
    const texts = dirs.map((dir) => `${dir}/${name}`).filter(existsSync)
      .map((path) => ({ fileName: path.replace(/^.*\/(?=.*\/)/, "").replace("/", "-"), contents: readFileSync(path, "utf8") }));
    assert.ok(texts.length > 40, `there are only ${texts.length}`);
    assert.deepEqual(await errors(texts), []);
    const spoilt = texts.map(({ fileName, contents }) => ({ fileName, contents: spoil(contents) }));
    const example = spoilt.find(({ contents }, i) => contents !== texts[i].contents);
    assert.notDeepEqual(await errors([example]), [], "what is spoilt is let through");
  });
}

// Beyond the schema, GitHub refuses a file with a result that has no place, and
// GitLab and GitHub take a fingerprint for a finding's identity.
test("every result has a place and an identity", () => {
  let results = 0;
  for (const dir of dirs.filter((dir) => existsSync(`${dir}/loggate.sarif`))) {
    const prints = new Set();
    for (const result of json(`${dir}/loggate.sarif`).runs[0].results) {
      const { artifactLocation, region } = result.locations[0].physicalLocation;
      assert.match(artifactLocation.uri, /^(?![a-z]+:|\/|\.\.(\/|$))./, dir);
      assert.ok(region.startLine >= 1, dir);
      prints.add(result.partialFingerprints["loggate/v1"]);
      results++;
    }
    assert.equal(prints.size, json(`${dir}/loggate.sarif`).runs[0].results.length, `${dir}: fingerprints are used twice`);
    const issues = json(`${dir}/gl-code-quality-report.json`);
    assert.equal(new Set(issues.map((issue) => issue.fingerprint)).size, issues.length, `${dir}: fingerprints are used twice`);
  }
  assert.ok(results > 100, `only ${results} results`);
});
