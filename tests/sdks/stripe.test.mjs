// The official Stripe SDK, which takes only a host and a port, through a listener of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { CALLERS_KEY, all, journalStripe, sandbox, sandboxStripe } from "./product.mjs";

const at = ({ hostname, port }, options = {}) =>
  new Stripe(CALLERS_KEY, { host: hostname, port, protocol: "http", maxNetworkRetries: 0, ...options });
const client = () => at(sandboxStripe());
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
  const { hostname, port } = new URL(sandbox());
  const prefixed = (url, init) => {
    const target = new URL(url);
    target.pathname = `/stripe${target.pathname}`;
    return fetch(target, init);
  };
  const httpClient = Stripe.createFetchHttpClient(prefixed);
  const prefixing = at({ hostname, port }, { httpClient });
  assert.equal((await prefixing.customers.retrieve("cus_MadeUpCustomer1")).object, "customer");
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  // The SDK sends an idempotency key, so the gateway repeats even this.
  const patient = at(journalStripe(), { maxNetworkRetries: 2 });
  await assert.rejects(patient.customers.create({ email: "a@b.example" }), Stripe.errors.StripeAPIError);
});
