// GraphQL servers that are not ours, Yoga and Apollo, behind the gateway in GitHub's place.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Octokit } from "octokit";
import { CALLERS_KEY, address } from "./product.mjs";

for (const name of ["yoga", "apollo"]) {
  describe(name, () => {
    const gateway = () => `${address(`TRUNKLINE_${name.toUpperCase()}`)}/github`;
    const server = address(`TRUNKLINE_${name.toUpperCase()}_DIRECT`);
    const graphql = (query, variables) => {
      const off = { enabled: false };
      const octokit = new Octokit({ auth: CALLERS_KEY, baseUrl: gateway(), throttle: off, retry: off });
      // Only GitHub knows the type that the SDK asks for by itself.
      return octokit.graphql(query, { ...variables, headers: { accept: "application/json" } });
    };
    /** Says that the server is away for so many requests; gives how many came since it was said last. */
    const beAway = async times => Number(await (await fetch(`${server}/-/away/${times}`)).text());

    test("a query, a mutation, and pages", async () => {
      assert.equal((await graphql("{ viewer { login } }")).viewer.login, "octocat");
      const made = await graphql("mutation ($title: String!) { createIssue(title: $title) { title } }", { title: "Jön" });
      assert.equal(made.createIssue.title, "Jön");
      const page = "nodes { title } pageInfo { hasNextPage endCursor }";
      const query = `query ($first: Int!, $after: String) { issues(first: $first, after: $after) { ${page} } }`;
      const titles = [];
      for (let after, more = true; more; ) {
        const { nodes, pageInfo } = (await graphql(query, { first: 2, after })).issues;
        titles.push(...nodes.map(({ title }) => title));
        more = pageInfo.hasNextPage;
        after = pageInfo.endCursor;
      }
      assert.deepEqual(titles.slice(0, 3), ["One", "Two", "Three"]);
    });

    test("errors come with 200 and with what there is", async () => {
      await assert.rejects(graphql("{ viewer { login email } }"), error => {
        assert.equal(error.name, "GraphqlResponseError", `${error}`);
        assert.deepEqual(error.data, { viewer: { login: "octocat", email: null } });
        assert.equal(error.errors[0].extensions.code, "FORBIDDEN");
        assert.deepEqual(error.errors[0].path, ["viewer", "email"]);
        assert.match(error.headers["trunkline-hint"], /GraphQL/);
        return true;
      });
    });

    test("a query that is wrong is told so", async () => {
      // Apollo says 400 to this, Yoga 200.
      await assert.rejects(graphql("{ viewer { nme } }"), error => {
        assert.match(error.message, /nme/);
        return true;
      });
    });

    test("a query is repeated, a mutation is not", async () => {
      await beAway(2);
      assert.equal((await graphql("query Who { viewer { login } }")).viewer.login, "octocat");
      assert.equal(await beAway(2), 3);
      await assert.rejects(graphql('mutation { createIssue(title: "twice?") { number } }'), error => error.status === 503);
      assert.equal(await beAway(0), 1);
    });
  });
}

test("a subscription, event by event", async () => {
  const response = await fetch(`${address("TRUNKLINE_YOGA")}/github/graphql`, {
    method: "POST",
    headers: { accept: "text/event-stream", "content-type": "application/json" },
    body: JSON.stringify({ query: "subscription { counted(to: 3) }" }),
  });
  assert.match(response.headers.get("content-type"), /event-stream/);
  const counted = [...(await response.text()).matchAll(/"counted":(\d)/g)].map(([, number]) => Number(number));
  assert.deepEqual(counted, [1, 2, 3]);
});
