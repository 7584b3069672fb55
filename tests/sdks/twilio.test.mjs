// The official Twilio SDK through the gateway, against the sandbox and against Prism.
import assert from "node:assert/strict";
import { test } from "node:test";
import twilio from "twilio";
import { CALLERS_KEY, CALLERS_SID, journal, prism, sandbox } from "./product.mjs";

const at = base => {
  const client = twilio(CALLERS_SID, CALLERS_KEY);
  client.api.baseUrl = `${base}/twilio`;
  return client;
};
const text = { to: "+15558675310", from: "+15017122661", body: "Hello from Twilio" };

const refused = (code, status) => error => {
  assert.equal(error.name === "RestException" || error.constructor.name === "RestException", true, `${error}`);
  assert.equal(error.status, status, `${error}`);
  if (code) assert.equal(error.code, code, `${error}`);
  return true;
};

test("a text message", async () => {
  const message = await at(sandbox()).messages.create(text);
  assert.match(message.sid, /^SM/);
  assert.equal(message.body, text.body);
});

test("a message that was sent before", async () => {
  const message = await at(sandbox()).messages("SM00000000000000000000000000000001").fetch();
  assert.equal(message.sid, "SM00000000000000000000000000000001");
});

test("messages, page by page", async () => {
  const messages = await at(sandbox()).messages.list({ pageSize: 2, limit: 3 });
  assert.equal(messages.length, 3);
  assert.equal(new Set(messages.map(message => message.sid)).size, 3);
});

test("errors are the SDK's own", async () => {
  await assert.rejects(at(sandbox()).messages.create({ ...text, to: "+15005550001" }), refused(21211, 400));
});

test("Twilio's own document has nothing against what arrives", async () => {
  const client = at(prism());
  const message = await client.messages.create(text);
  assert.ok("sid" in message);
  const listed = await client.messages.list({ limit: 1 });
  assert.ok(Array.isArray(listed));
});

test("Twilio's own document refuses what it should, and the refusal arrives", async () => {
  await assert.rejects(at(prism()).messages("not-a-sid").fetch(), error => {
    assert.equal(error.status, 422, `${error}`);
    return true;
  });
});

test("what the gateway has not repeated is not told otherwise", async () => {
  await assert.rejects(at(journal()).messages.create(text), refused(null, 503));
});
