// The official Together SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import Together from "together-ai";
import { CALLERS_KEY, all, journal, real, sandbox } from "./product.mjs";
import { cut, recorded, twice } from "./twice.mjs";

const at = ({ base, key }, options = {}) =>
  new Together({ apiKey: key, baseURL: `${base}/v1`, maxRetries: 0, ...options });
const client = () => at({ base: `${sandbox()}/together`, key: CALLERS_KEY });
const asking = {
  model: "Qwen/Qwen3-235B-A22B-Instruct-2507-tput",
  messages: [{ role: "user", content: "Say hello in one sentence." }],
};
const streaming = { ...asking, stream: true };
const embedding = { model: "intfloat/multilingual-e5-large-instruct", input: "The food was delicious" };

const key = real("TOGETHER_API_KEY");
const same = twice({
  connector: "together",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

test("a chat completion, whole and in pieces", async () => {
  const completion = await client().chat.completions.create(asking);
  assert.match(completion.choices[0].message.content, /hello/i);
  const chunks = await all(await client().chat.completions.create(streaming));
  assert.ok(chunks.length > 3, `${chunks.length} chunks`);
  assert.match(chunks.map(chunk => chunk.choices[0]?.delta.content ?? "").join(""), /hello/i);
});

test("embeddings and models", async () => {
  const { data } = await client().embeddings.create(embedding);
  assert.ok(data[0].embedding.every(Number.isFinite));
  assert.ok((await client().models.list()).length > 0);
});

test("every error is the SDK's own class", async () => {
  const cases = [
    ["401", Together.AuthenticationError],
    ["429", Together.RateLimitError],
    ["503", Together.InternalServerError],
  ];
  for (const [fault, expected] of cases) {
    const options = { headers: { "Trunkline-Sandbox": fault, "Trunkline-Retry": "off" } };
    await assert.rejects(client().chat.completions.create(asking, options), expected, fault);
  }
  await assert.rejects(client().chat.completions.create({ model: asking.model }), Together.BadRequestError);
});

test("answers are the same as without a gateway", async () => {
  const chat = side => at(side).chat.completions.create(asking);
  assert.equal((await same(chat, recorded("together", "chat_completion"))).object, "chat.completion");
  const pieces = async side => all(await at(side).chat.completions.create(streaming));
  assert.ok((await same(pieces, recorded("together", "chat_completion_stream"))).length > 3);
  assert.ok((await same(side => at(side).models.list(), recorded("together", "models"))).length > 0);
  await same(side => at(side).embeddings.create(embedding), recorded("together", "embedding"));
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_400", Together.BadRequestError],
    ["error_401", Together.AuthenticationError],
    ["error_402", Together.APIError],
    ["error_404", Together.NotFoundError],
    ["error_422", Together.UnprocessableEntityError],
    ["error_429", Together.RateLimitError],
    ["error_503", Together.InternalServerError],
  ];
  for (const [name, expected] of cases) {
    const error = await same(side => at(side).chat.completions.create(asking), recorded("together", name));
    assert.ok(error instanceof expected, `${name}: ${error}`);
  }
});

test("a stream that breaks off is an error and not an end", async () => {
  const pieces = async side => all(await at(side).chat.completions.create(streaming));
  const [stream] = recorded("together", "chat_completion_stream");
  assert.ok((await same(pieces, [cut(stream)])) instanceof Error);
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  const patient = at({ base: `${journal()}/together`, key: CALLERS_KEY }, { maxRetries: 2 });
  await assert.rejects(patient.models.list(), Together.InternalServerError);
});
