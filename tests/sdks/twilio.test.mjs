// The official Twilio SDK through the gateway, against the sandbox and against Prism.
import assert from "node:assert/strict";
import { test } from "node:test";
import twilio from "twilio";
import { CALLERS_KEY, CALLERS_SID, journal, prism, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const client = ({ base, sid, key }) => {
  const client = twilio(sid, key);
  client.api.baseUrl = base;
  return client;
};
const callers = { sid: CALLERS_SID, key: CALLERS_KEY };
const at = base => client({ base: `${base}/twilio`, ...callers });

const [sid, key] = [real("TWILIO_ACCOUNT_SID"), real("TWILIO_AUTH_TOKEN")];
const same = twice({
  connector: "twilio",
  credential: { authorization: `Basic ${Buffer.from(`${sid}:${key}`).toString("base64")}` },
  keys: { real: { sid, key }, callers },
});
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

test("a message is deleted, and the account is there", async () => {
  assert.equal(await at(sandbox()).messages("SM00000000000000000000000000000001").remove(), true);
  assert.equal((await at(sandbox()).api.accounts(CALLERS_SID).fetch()).status, "active");
  assert.ok((await at(sandbox()).incomingPhoneNumbers.list({ limit: 2 })).length > 0);
});

test("answers are the same as without a gateway", async () => {
  const picture = { ...text, body: "Grüße & 100 %", mediaUrl: ["https://example.com/a.png"] };
  const send = side => client(side).messages.create(picture);
  assert.match((await same(send, recorded("twilio", "message"))).sid, /^SM/);
  const since = { dateSentAfter: new Date("2026-09-20"), dateSentBefore: new Date("2026-09-22") };
  const list = side => client(side).messages.list({ ...since, limit: 1 });
  assert.equal((await same(list, recorded("twilio", "messages_since"))).length, 1);
  const remove = side => client(side).messages("SM00000000000000000000000000000001").remove();
  assert.equal(await same(remove, recorded("twilio", "message_remove")), true);
  await same(side => client(side).api.accounts(side.sid).fetch(), recorded("twilio", "account"));
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_400_to", 21211, 400],
    ["error_401", 20003, 401],
    ["error_429", 20429, 429],
    ["error_500", undefined, 500],
  ];
  for (const [name, code, status] of cases) {
    const error = await same(side => client(side).messages.create(text), recorded("twilio", name));
    refused(code, status)(error);
  }
});

test("Twilio's own document has nothing against what arrives", async () => {
  const message = await at(prism()).messages.create(text);
  assert.ok("sid" in message);
  const listed = await at(prism()).messages.list({ limit: 1 });
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
