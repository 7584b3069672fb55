// The official Stripe SDK, which takes only a host and a port, through a listener of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { CALLERS_KEY, all, gatewayStripe, journalStripe, real, sandbox, sandboxStripe } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const stripe = ({ base, key }, options = {}) => {
  const { hostname, port } = new URL(base);
  return new Stripe(key, { host: hostname, port, protocol: "http", maxNetworkRetries: 0, telemetry: false, ...options });
};
const at = (base, options) => stripe({ base, key: CALLERS_KEY }, options);
const client = () => at(sandboxStripe());

const key = real("STRIPE_SECRET_KEY");
const same = twice({
  connector: "stripe",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
  base: gatewayStripe(),
});
// The SDK lets nobody add a header, so one that adds it stands below it.
const withHeader = (name, value) => {
  const adding = (url, init) => fetch(url, { ...init, headers: { ...init.headers, [name]: value } });
  return at(sandboxStripe(), { httpClient: Stripe.createFetchHttpClient(adding) });
};

test("a customer's life", async () => {
  const made = await client().customers.create({ email: "jenny.rosen@example.com", metadata: { order: "6735" } });
  assert.match(made.id, /^cus_/);
  assert.equal((await client().customers.retrieve("cus_MadeUpCustomer1")).object, "customer");
  assert.equal((await client().customers.update("cus_MadeUpCustomer1", { metadata: { order: "6736" } })).object, "customer");
  assert.equal((await client().customers.del("cus_MadeUpCustomer1")).deleted, true);
});

test("customers, over two pages", async () => {
  const customers = await all(client().customers.list({ limit: 2 }));
  assert.ok(customers.length > 2, `${customers.length} customers`);
  assert.equal(new Set(customers.map(customer => customer.id)).size, customers.length);
});

test("a payment", async () => {
  const intent = await client().paymentIntents.create({
    amount: 2000,
    currency: "usd",
    automatic_payment_methods: { enabled: true },
  });
  assert.match(intent.id, /^pi_/);
});

test("a checkout page", async () => {
  const session = await client().checkout.sessions.create({
    mode: "payment",
    success_url: "https://example.com/success",
    line_items: [{ price_data: { currency: "usd", product_data: { name: "T-shirt" }, unit_amount: 2000 }, quantity: 1 }],
  });
  assert.match(session.url, /^https:\/\/checkout\.stripe\.com\//);
});

test("products, prices, subscriptions, refunds and the balance", async () => {
  assert.match((await client().products.create({ name: "T-shirt" })).id, /^prod_/);
  const price = await client().prices.create({
    currency: "usd",
    unit_amount: 1000,
    product_data: { name: "Gold" },
    recurring: { interval: "month" },
  });
  assert.match(price.id, /^price_/);
  const items = [{ price: "price_1SMadeUpPrice00000001" }];
  assert.match((await client().subscriptions.create({ customer: "cus_MadeUpCustomer1", items })).id, /^sub_/);
  assert.equal((await client().subscriptions.cancel("sub_1SMadeUpSubscription1")).status, "canceled");
  assert.match((await client().refunds.create({ charge: "ch_3SMadeUpCharge0000000001" })).id, /^re_/);
  assert.ok((await client().balance.retrieve()).available);
});

test("every list has pages, and a search too", async () => {
  const { balanceTransactions, charges, checkout, customers, invoices } = client();
  const { paymentIntents, prices, products, refunds, subscriptions } = client();
  const lists = [balanceTransactions, charges, customers, checkout.sessions, invoices];
  lists.push(paymentIntents, prices, products, refunds, subscriptions);
  for (const each of lists) {
    const ids = (await all(each.list({ limit: 1 }))).map(({ id }) => id);
    assert.ok(ids.length > 1, `${ids}`);
    assert.equal(new Set(ids).size, ids.length);
  }
  assert.ok((await all(checkout.sessions.listLineItems("cs_test_MadeUpSession01", { limit: 1 }))).length > 1);
  assert.ok((await all(customers.search({ query: "name~'en'", limit: 1 }))).length > 1);
});

const receipt = { data: Buffer.from("\0made-up\xff", "latin1"), name: "receipt.png", type: "image/png" };

test("a file", async () => {
  const made = await client().files.create({ purpose: "dispute_evidence", file: receipt });
  assert.match(made.id, /^file_/);
});

// A key makes two calls the same.
const keyed = { idempotencyKey: "order-6735" };

test("answers are the same as without a gateway", async () => {
  const customer = { name: "Jön & Söhne", metadata: { "a b": "c[d]=e" }, address: { line1: "1 + 1" } };
  const create = side => stripe(side).customers.create(customer, keyed);
  assert.match((await same(create, recorded("stripe", "customer"))).id, /^cus_/);
  const line_items = [{ price_data: { currency: "usd", product_data: { name: "T-shirt" }, unit_amount: 2000 }, quantity: 1 }];
  const session = side => stripe(side).checkout.sessions.create({ mode: "payment", line_items }, keyed);
  await same(session, recorded("stripe", "checkout_session"));
  const list = side => all(stripe(side).customers.list({ limit: 2, created: { gt: 1 } }));
  assert.ok((await same(list, recorded("stripe", "customers_page_1", "customers_page_2"))).length > 2);
  const expanded = side => stripe(side).invoices.retrieve("in_1", { expand: ["customer", "lines.data"] });
  await same(expanded, recorded("stripe", "invoice_retrieve"));
});

test("an upload is the same as without a gateway, byte for byte", async () => {
  const upload = side => stripe(side).files.create({ purpose: "dispute_evidence", file: receipt }, keyed);
  assert.match((await same(upload, recorded("stripe", "file"))).id, /^file_/);
});

test("errors are the same as without a gateway", async () => {
  const { errors } = Stripe;
  const cases = [
    ["error_400", errors.StripeInvalidRequestError],
    ["error_400_idempotency", errors.StripeIdempotencyError],
    ["error_401", errors.StripeAuthenticationError],
    ["error_402", errors.StripeCardError],
    ["error_403", errors.StripePermissionError],
    ["error_429", errors.StripeRateLimitError],
    ["error_500", errors.StripeAPIError],
  ];
  for (const [name, expected] of cases) {
    const create = side => stripe(side).paymentIntents.create({ amount: 2000, currency: "usd" }, keyed);
    const error = await same(create, recorded("stripe", name));
    assert.ok(error instanceof expected, `${name}: ${error}`);
  }
});

test("every error is the SDK's own class", async () => {
  const { errors } = Stripe;
  for (const [name, expected] of [["401", errors.StripeAuthenticationError], ["429", errors.StripeRateLimitError], ["503", errors.StripeAPIError]]) {
    await assert.rejects(withHeader("Trunkline-Sandbox", name).customers.list(), error => {
      assert.ok(error instanceof expected, `${name}: ${error.constructor.name} ${error.message}`);
      // Stripe's 503 comes from a proxy and is no JSON, of which the SDK tells nothing more.
      if (name !== "503") assert.ok(error.headers["trunkline-hint"], name);
      return true;
    });
  }
  await assert.rejects(client().customers.retrieve("cus_MadeUpNobody"), error => {
    assert.ok(error instanceof errors.StripeInvalidRequestError, `${error}`);
    assert.equal(error.code, "resource_missing");
    return true;
  });
  const declined = { payment_method: "pm_card_chargeDeclined", return_url: "https://example.com/return" };
  await assert.rejects(client().paymentIntents.confirm("pi_3SMadeUpIntent0000000001", declined), error => {
    assert.ok(error instanceof errors.StripeCardError, `${error}`);
    return true;
  });
});

test("an error of the gateway's own is not taken for success", async () => {
  const request = withHeader("Trunkline-Timeout", "soon").customers.list();
  await assert.rejects(request, error => {
    assert.ok(error instanceof Stripe.errors.StripeError, `${error}`);
    assert.equal(error.code, "bad_header");
    return true;
  });
});

test("a fetch of one's own puts the connector's name before the path", async () => {
  const prefixed = (url, init) => {
    const target = new URL(url);
    target.pathname = `/stripe${target.pathname}`;
    return fetch(target, init);
  };
  const httpClient = Stripe.createFetchHttpClient(prefixed);
  const prefixing = at(sandbox(), { httpClient });
  assert.equal((await prefixing.customers.retrieve("cus_MadeUpCustomer1")).object, "customer");
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  // The SDK sends an idempotency key, so the gateway repeats even this.
  const patient = at(journalStripe(), { maxNetworkRetries: 2 });
  await assert.rejects(patient.customers.create({ email: "a@b.example" }), Stripe.errors.StripeAPIError);
});
