// The official OpenAI SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { CALLERS_KEY, all, journal, sandbox } from "./product.mjs";

const at = (base, options = {}) => new OpenAI({ apiKey: CALLERS_KEY, baseURL: `${base}/openai/v1`, ...options });
const client = () => at(sandbox());
const asking = { model: "gpt-5.4-mini", messages: [{ role: "user", content: "Say hello in one sentence." }] };

test("a chat completion", async () => {
  const { data, response } = await client().chat.completions.create(asking).withResponse();
  assert.match(data.choices[0].message.content, /hello/i);
  assert.match(response.headers.get("trunkline-call-id"), /^call_/);
  assert.equal(response.headers.get("trunkline-attempts"), "1");
});

test("a chat completion in pieces", async () => {
  const chunks = await all(await client().chat.completions.create({ ...asking, stream: true }));
  assert.ok(chunks.length > 3, `${chunks.length} chunks`);
  assert.match(chunks.map(chunk => chunk.choices[0]?.delta.content ?? "").join(""), /hello/i);
  assert.equal(chunks.filter(chunk => chunk.choices[0]?.finish_reason === "stop").length, 1);
});

test("the SDK's own gathering of a stream", async () => {
  const completion = await client().chat.completions.stream(asking).finalChatCompletion();
  assert.match(completion.choices[0].message.content, /hello/i);
});

test("a response, whole and in pieces", async () => {
  const asked = { model: "gpt-5.4-mini", input: "Say hello in one sentence." };
  const response = await client().responses.create(asked);
  assert.match(response.output_text, /hello/i);
  const events = await all(await client().responses.create({ ...asked, stream: true }));
  assert.equal(events.at(-1).type, "response.completed");
  assert.ok(events.some(event => event.type === "response.output_text.delta"));
});

test("embeddings, which the SDK asks for in base64", async () => {
  const { data } = await client().embeddings.create({ model: "text-embedding-3-small", input: "The food was delicious" });
  assert.ok(data[0].embedding.length > 0);
  assert.ok(data[0].embedding.every(Number.isFinite));
});

test("models", async () => {
  const models = await all(client().models.list());
  assert.ok(models.length > 0);
  assert.equal((await client().models.retrieve("gpt-5.4-mini")).object, "model");
});

test("every error is the SDK's own class, with the vendor's words and our hint", async () => {
  const cases = [
    ["401", OpenAI.AuthenticationError],
    ["429", OpenAI.RateLimitError],
    ["503", OpenAI.InternalServerError],
  ];
  for (const [fault, expected] of cases) {
    const options = { headers: { "Trunkline-Sandbox": fault, "Trunkline-Retry": "off" }, maxRetries: 0 };
    await assert.rejects(client().chat.completions.create(asking, options), error => {
      assert.ok(error instanceof expected, `${fault}: ${error}`);
      assert.ok(error.message.length > 10, error.message);
      assert.ok(error.headers.get("trunkline-hint"), fault);
      return true;
    });
  }
  await assert.rejects(client().chat.completions.create({ model: "gpt-5.4-mini" }), OpenAI.BadRequestError);
  await assert.rejects(client().models.retrieve("gpt-7"), error => {
    assert.ok(error instanceof OpenAI.NotFoundError, `${error}`);
    assert.equal(error.code, "model_not_found");
    return true;
  });
});

test("an error of the gateway's own is one that the SDK understands", async () => {
  const wrong = new OpenAI({ apiKey: CALLERS_KEY, baseURL: `${sandbox()}/opnai/v1` });
  await assert.rejects(wrong.models.list(), error => {
    assert.ok(error instanceof OpenAI.NotFoundError, `${error}`);
    assert.equal(error.code, "unknown_connector");
    assert.match(error.message, /opnai/);
    return true;
  });
});

test("a stream that breaks off is an error and not an end", async () => {
  const options = { headers: { "Trunkline-Sandbox": "cut", "Trunkline-Retry": "off" }, maxRetries: 0 };
  await assert.rejects(async () => all(await client().chat.completions.create({ ...asking, stream: true }, options)));
});

test("a stream that nobody wants any more is left", async () => {
  const stream = await client().chat.completions.create({ ...asking, stream: true });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
  assert.ok(stream.controller.signal.aborted);
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  // The upstream answers 503 for ever; whoever started us counts how often it was asked.
  await assert.rejects(at(journal()).models.list(), OpenAI.InternalServerError);
});
