// Shopify's official client of the Admin API through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdminApiClient } from "@shopify/admin-api-client";
import { CALLERS_KEY, journal, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

// The client makes the address from the shop's name, so a fetch of one's own sends it to the gateway.
const at = ({ base, key }) =>
  createAdminApiClient({
    storeDomain: "made-up.myshopify.com",
    apiVersion: "2026-10",
    accessToken: key,
    retries: 0,
    logger: () => {},
    customFetchApi: (url, init) => fetch(base + new URL(url).pathname, init),
  });
const own = base => at({ base: `${base}/shopify`, key: CALLERS_KEY });
const SHOP = "query { shop { name } }";
const PRODUCTS = `query ($first: Int!, $after: String) {
  products(first: $first, after: $after) { nodes { id title } pageInfo { hasNextPage endCursor } }
}`;
const CREATE = `mutation ($product: ProductCreateInput!) {
  productCreate(product: $product) { product { id title } userErrors { field message } }
}`;

const key = real("SHOPIFY_ADMIN_ACCESS_TOKEN");
const same = twice({
  connector: "shopify",
  credential: { "x-shopify-access-token": key },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

test("the shop, and what a query costs", async () => {
  const { data, extensions, errors } = await own(sandbox()).request(SHOP);
  assert.equal(errors, undefined);
  assert.ok(data.shop.name);
  assert.ok(extensions.cost.throttleStatus.currentlyAvailable > 0);
});

test("products, page by page", async () => {
  const page = async after => (await own(sandbox()).request(PRODUCTS, { variables: { first: 2, ...after } })).data.products;
  const first = await page({});
  assert.equal(first.pageInfo.hasNextPage, true);
  const second = await page({ after: first.pageInfo.endCursor });
  assert.equal(second.pageInfo.hasNextPage, false);
  const ids = [...first.nodes, ...second.nodes].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test("a product is made, or refused with reasons", async () => {
  const create = async title => {
    const { data } = await own(sandbox()).request(CREATE, { variables: { product: { title } } });
    return data.productCreate;
  };
  assert.ok((await create("Black hat")).product.id);
  assert.ok((await create("")).userErrors.length > 0);
});

test("an error of the query is the SDK's own, although its status is 200", async () => {
  const { errors } = await own(sandbox()).request("query { shop { nme } }");
  assert.match(errors.graphQLErrors[0].message, /nme/);
});

test("answers are the same as without a gateway", async () => {
  await same(side => at(side).request(SHOP), recorded("shopify", "graphql"));
  const create = side => at(side).request(CREATE, { variables: { product: { title: "Jön's hat" } } });
  await same(create, recorded("shopify", "mutation"));
  await same(create, recorded("shopify", "mutation_user_errors"));
});

test("errors are the same as without a gateway", async () => {
  for (const name of ["error_throttled", "error_access_denied", "error_field"]) {
    const { errors } = await same(side => at(side).request(SHOP), recorded("shopify", name));
    assert.ok(errors.graphQLErrors.length > 0, name);
  }
  for (const status of [401, 402, 404, 429, 503]) {
    const { errors } = await same(side => at(side).request(SHOP), recorded("shopify", `error_${status}`));
    assert.equal(errors.networkStatusCode, status);
  }
});

test("a product that an upstream may have made is not made again", async () => {
  const { errors } = await own(journal()).request(CREATE, { variables: { product: { title: "Black hat" } } });
  assert.equal(errors.networkStatusCode, 503);
});
