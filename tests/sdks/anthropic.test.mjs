// The official Anthropic SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { CALLERS_KEY, all, journal, real, sandbox } from "./product.mjs";
import { cut, recorded, twice } from "./twice.mjs";

const at = ({ base, key }, options = {}) => new Anthropic({ apiKey: key, baseURL: base, ...options });
const own = base => at({ base: `${base}/anthropic`, key: CALLERS_KEY });
const client = () => own(sandbox());
const once = side => at(side, { maxRetries: 0 });
const key = real("ANTHROPIC_API_KEY");
const same = twice({
  connector: "anthropic",
  credential: { "x-api-key": key },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

const asking = {
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Say hello in one sentence." }],
};

test("a message", async () => {
  const message = await client().messages.create(asking);
  assert.equal(message.type, "message");
  assert.match(message.content[0].text, /hello/i);
});

test("a message in pieces", async () => {
  const events = await all(await client().messages.create({ ...asking, stream: true }));
  assert.equal(events[0].type, "message_start");
  assert.equal(events.at(-1).type, "message_stop");
});

test("the SDK's own gathering of a stream", async () => {
  const texts = [];
  const stream = client().messages.stream(asking).on("text", text => texts.push(text));
  const message = await stream.finalMessage();
  assert.match(message.content[0].text, /hello/i);
  assert.equal(texts.join(""), message.content[0].text);
});

test("counting tokens", async () => {
  const { model, messages } = asking;
  const counted = await client().messages.countTokens({ model, messages });
  assert.ok(counted.input_tokens > 0);
});

test("models, over two pages", async () => {
  const models = await all(client().models.list({ limit: 2 }));
  assert.ok(models.length > 2, `${models.length} models`);
  assert.equal(new Set(models.map(model => model.id)).size, models.length);
});

test("answers are the same as without a gateway", async () => {
  const ask = side => once(side).messages.create(asking);
  assert.equal((await same(ask, recorded("anthropic", "message"))).type, "message");
  const pieces = async side => all(await once(side).messages.create({ ...asking, stream: true }));
  assert.ok((await same(pieces, recorded("anthropic", "message_stream"))).length > 3);
  const models = async side => (await once(side).models.list({ limit: 2 })).data;
  assert.ok((await same(models, recorded("anthropic", "models_page_1"))).length > 0);
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_400", Anthropic.BadRequestError],
    ["error_401", Anthropic.AuthenticationError],
    ["error_404", Anthropic.NotFoundError],
    ["error_429", Anthropic.RateLimitError],
    ["error_529", Anthropic.InternalServerError],
  ];
  for (const [name, expected] of cases) {
    const error = await same(side => once(side).messages.create(asking), recorded("anthropic", name));
    assert.ok(error instanceof expected, `${name}: ${error}`);
  }
  const pieces = async side => all(await once(side).messages.create({ ...asking, stream: true }));
  const [stream] = recorded("anthropic", "message_stream");
  assert.ok((await same(pieces, [cut(stream)])) instanceof Error);
});

test("every error is the SDK's own class", async () => {
  const cases = [
    ["401", Anthropic.AuthenticationError],
    ["429", Anthropic.RateLimitError],
    ["503", Anthropic.InternalServerError],
  ];
  for (const [fault, expected] of cases) {
    const options = { headers: { "Trunkline-Sandbox": fault, "Trunkline-Retry": "off" }, maxRetries: 0 };
    await assert.rejects(client().messages.create(asking, options), error => {
      assert.ok(error instanceof expected, `${fault}: ${error}`);
      assert.ok(error.headers.get("trunkline-hint"), fault);
      return true;
    });
  }
  const { model, messages } = asking;
  await assert.rejects(client().messages.create({ model, messages }), Anthropic.BadRequestError);
});

test("a stream that breaks off is an error and not an end", async () => {
  const options = { headers: { "Trunkline-Sandbox": "cut", "Trunkline-Retry": "off" }, maxRetries: 0 };
  await assert.rejects(async () => all(await client().messages.create({ ...asking, stream: true }, options)));
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  await assert.rejects(own(journal()).models.list(), Anthropic.InternalServerError);
});
