// GitHub's official SDK through the gateway, against the sandbox and against Prism.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Octokit, RequestError } from "octokit";
import { CALLERS_KEY, journal, prism, real, sandbox, vendor } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const at = ({ base, key }, options = {}) =>
  new Octokit({
    auth: key,
    baseUrl: base,
    log: silent,
    retry: { enabled: false },
    throttle: { enabled: false },
    ...options,
  });
const own = (base, options) => at({ base: `${base}/github`, key: CALLERS_KEY }, options);
const hello = { owner: "octocat", repo: "Hello-World" };
const issue = { ...hello, title: "Found a bug", body: "I'm having a problem with this." };
const VIEWER = "query { viewer { login } }";

const key = real("GITHUB_TOKEN");
const same = twice({
  connector: "github",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
  differing: ["x-github-api-version"],
});

test("issues: listed, read, made, closed", async () => {
  const { issues } = own(sandbox()).rest;
  assert.ok((await issues.listForRepo(hello)).data.length > 0);
  assert.equal((await issues.get({ ...hello, issue_number: 1 })).data.number, 1);
  assert.equal((await issues.create(issue)).status, 201);
  assert.equal((await issues.update({ ...hello, issue_number: 1, state: "closed" })).data.state, "closed");
});

test("repositories, pulls and what is left of the limit", async () => {
  const { rest } = own(sandbox());
  assert.equal((await rest.repos.get(hello)).data.full_name, "octocat/Hello-World");
  assert.ok((await rest.pulls.list(hello)).data.length > 0);
  assert.ok((await rest.rateLimit.get()).data.rate.remaining > 0);
});

test("repositories, page by page", async () => {
  // The SDK follows the addresses of pages as they stand, which lead back to the gateway.
  const octokit = own(sandbox());
  const repositories = await octokit.paginate(octokit.rest.repos.listForAuthenticatedUser, { per_page: 2 });
  assert.ok(repositories.length > 2, `${repositories.length} repositories`);
  assert.equal(new Set(repositories.map(({ id }) => id)).size, repositories.length);
});

test("GraphQL, its errors with 200 too", async () => {
  assert.ok((await own(sandbox()).graphql(VIEWER)).viewer.login);
  await assert.rejects(own(sandbox()).graphql("query { viewer { nme } }"), error => {
    assert.equal(error.name, "GraphqlResponseError", `${error}`);
    assert.match(error.errors[0].message, /nme/);
    return true;
  });
});

test("every error is the SDK's own, with its status", async () => {
  await assert.rejects(own(sandbox()).rest.repos.get({ owner: "octocat", repo: "nowhere" }), error => {
    assert.ok(error instanceof RequestError, `${error}`);
    assert.equal(error.status, 404);
    assert.ok(error.response.headers["trunkline-hint"]);
    return true;
  });
  for (const status of [401, 429, 503]) {
    const headers = { "Trunkline-Sandbox": String(status), "Trunkline-Retry": "off" };
    await assert.rejects(own(sandbox()).rest.issues.listForRepo({ ...hello, headers }), error => error.status === status);
  }
});

/** As GitHub answers where the gateway believes it to be. */
const there = answers =>
  answers.map(answer => {
    const { link, ...headers } = answer.headers;
    return link ? { ...answer, headers: { ...headers, link: link.replaceAll("https://api.github.com", vendor()) } } : answer;
  });

test("answers are the same as without a gateway", async () => {
  const create = side => at(side).rest.issues.create({ ...issue, labels: ["bug", "é"] });
  assert.equal((await same(create, recorded("github", "issue_create"))).status, 201);
  const list = side => at(side).rest.issues.listForRepo({ ...hello, labels: "bug,ui", since: "2026-09-20T00:00:00Z" });
  await same(list, recorded("github", "issues"));
  const content = side => at(side).rest.repos.getContent({ ...hello, path: "docs/a b/é.md", ref: "main" });
  await same(content, recorded("github", "issue"));
  const repositories = side => at(side).rest.repos.listForAuthenticatedUser({ per_page: 2 });
  await same(repositories, there(recorded("github", "repos_page_1")));
  await same(side => at(side).graphql(VIEWER), recorded("github", "graphql"));
});

test("errors are the same as without a gateway", async () => {
  const list = side => at(side).rest.issues.listForRepo(hello);
  const cases = [
    ["error_401", 401],
    ["error_403", 403],
    ["error_403_limit", 403],
    ["error_403_secondary", 403],
    ["error_404", 404],
    ["error_422", 422],
    ["error_429", 429],
    ["error_500", 500],
    ["error_503", 503],
  ];
  for (const [name, status] of cases) {
    const error = await same(list, recorded("github", name));
    assert.ok(error instanceof RequestError, `${name}: ${error}`);
    assert.equal(error.status, status);
  }
  for (const name of ["error_graphql", "error_graphql_limit", "error_graphql_missing"]) {
    const error = await same(side => at(side).graphql(VIEWER), recorded("github", name));
    assert.equal(error.name, "GraphqlResponseError", `${name}: ${error}`);
  }
});

/** GitHub's own document as a server. It knows JSON by that name alone, not by GitHub's. */
const document = () => {
  const octokit = own(prism());
  octokit.hook.before("request", request => {
    request.headers.accept = "application/json";
  });
  return octokit.rest;
};

test("GitHub's own document has nothing against what arrives", async () => {
  assert.ok(Array.isArray((await document().issues.listForRepo({ ...hello, per_page: 2 })).data));
  assert.equal((await document().issues.create(issue)).status, 201);
  assert.ok((await document().users.getAuthenticated()).data.login);
});

test("GitHub's own document refuses what it should, and the refusal arrives", async () => {
  const isRefusal = error => error.status === 422;
  await assert.rejects(document().issues.create(hello), isRefusal);
  await assert.rejects(document().issues.listForRepo({ ...hello, sort: "size" }), isRefusal);
});

test("an issue that an upstream may have made is not made again", async () => {
  await assert.rejects(own(journal()).rest.issues.create(issue), error => error.status === 503);
});
