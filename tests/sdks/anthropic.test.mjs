// The official Anthropic SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { CALLERS_KEY, all, journal, sandbox } from "./product.mjs";

const at = base => new Anthropic({ apiKey: CALLERS_KEY, baseURL: `${base}/anthropic` });
const client = () => at(sandbox());
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
  await assert.rejects(at(journal()).models.list(), Anthropic.InternalServerError);
});
