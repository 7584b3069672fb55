// The official Resend SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Resend } from "resend";
import { CALLERS_KEY, journal, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const at = ({ base, key }) => new Resend(key, { baseUrl: base });
const client = () => at({ base: `${sandbox()}/resend`, key: CALLERS_KEY });
const email = {
  from: "Acme <onboarding@resend.dev>",
  to: ["delivered@resend.dev"],
  subject: "Hello World",
  html: "<strong>It works!</strong>",
};

const key = real("RESEND_API_KEY");
const same = twice({
  connector: "resend",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

/** What the SDK gives in place of throwing. */
const good = ({ data, error }) => {
  assert.equal(error, null);
  return data;
};

test("an email, sent and looked at", async () => {
  const { id } = good(await client().emails.send(email));
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.ok(good(await client().emails.get("49a3999c-0ce1-4ea6-ab68-afcd6dc2e794")).last_event);
});

test("several at once", async () => {
  assert.ok(good(await client().batch.send([email, email])).data.length > 0);
});

test("emails, page by page", async () => {
  const first = good(await client().emails.list({ limit: 2 }));
  assert.equal(first.has_more, true);
  const after = first.data.at(-1).id;
  const second = good(await client().emails.list({ limit: 2, after }));
  assert.equal(second.has_more, false);
  const ids = [...first.data, ...second.data].map(email => email.id);
  assert.equal(new Set(ids).size, ids.length);
});

test("an error is the SDK's own", async () => {
  const { error } = await client().emails.send({ ...email, to: undefined });
  assert.equal(error.statusCode, 422);
  assert.equal(error.name, "missing_required_field");
});

test("answers are the same as without a gateway", async () => {
  const attachments = [{ filename: "a.bin", content: Buffer.from("\0\xff") }];
  const send = side => at(side).emails.send({ ...email, attachments });
  assert.ok(good(await same(send, recorded("resend", "email"))).id);
  const keyed = side => at(side).emails.send(email, { idempotencyKey: "welcome/123" });
  good(await same(keyed, recorded("resend", "email_idempotency_key")));
  assert.ok(good(await same(side => at(side).batch.send([email, email]), recorded("resend", "batch"))).data);
  const permissive = side => at(side).batch.send([email, email], { batchValidation: "permissive" });
  assert.ok(good(await same(permissive, recorded("resend", "batch_permissive"))).errors);
  await same(side => at(side).emails.list({ limit: 2 }), recorded("resend", "emails_page_1"));
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_401_restricted", 401, "restricted_api_key"],
    ["error_403", 403, "validation_error"],
    ["error_409_payload", 409, "invalid_idempotent_request"],
    ["error_422", 422, "missing_required_field"],
    ["error_429_daily_quota", 429, "daily_quota_exceeded"],
    ["error_500", 500, "internal_server_error"],
    ["error_503", 503, "application_error"],
  ];
  for (const [name, status, kind] of cases) {
    const { error } = await same(side => at(side).emails.send(email), recorded("resend", name));
    assert.deepEqual([error.statusCode, error.name], [status, kind], name);
  }
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  // The SDK gives the upstream's words as they are.
  const { error } = await at({ base: `${journal()}/resend`, key: CALLERS_KEY }).emails.list();
  assert.deepEqual(error, { error: { message: "away", type: "api_error" } });
});
