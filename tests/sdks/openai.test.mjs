// The official OpenAI SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { CALLERS_KEY, all, journal, real, sandbox } from "./product.mjs";
import { cut, gzipped, recorded, twice } from "./twice.mjs";

const at = ({ base, key }, options = {}) => new OpenAI({ apiKey: key, baseURL: `${base}/v1`, ...options });
const own = base => at({ base: `${base}/openai`, key: CALLERS_KEY });
const client = () => own(sandbox());
const once = side => at(side, { maxRetries: 0 });
const key = real("OPENAI_API_KEY");
const same = twice({
  connector: "openai",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

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

test("a file's life, and a batch of requests in it", async () => {
  const file = await client().files.create({ file: new File(['{"custom_id":"1"}'], "requests.jsonl"), purpose: "batch" });
  assert.match(file.id, /^file-/);
  assert.equal((await client().files.retrieve("file-MadeUpFile1")).id, "file-MadeUpFile1");
  assert.ok((await (await client().files.content("file-MadeUpFile1")).text()).length > 0);
  assert.equal((await client().files.delete("file-MadeUpFile1")).deleted, true);
  const asked = { completion_window: "24h", endpoint: "/v1/chat/completions", input_file_id: "file-MadeUpFile1" };
  assert.equal((await client().batches.create(asked)).object, "batch");
});

test("files, over two pages", async () => {
  const files = await all(client().files.list({ limit: 2 }));
  assert.ok(files.length > 2, `${files.length} files`);
  assert.equal(new Set(files.map(({ id }) => id)).size, files.length);
});

test("answers are the same as without a gateway", async () => {
  const chat = side => once(side).chat.completions.create(asking);
  assert.equal((await same(chat, recorded("openai", "chat_completion"))).object, "chat.completion");
  const pieces = async side => all(await once(side).chat.completions.create({ ...asking, stream: true }));
  assert.ok((await same(pieces, recorded("openai", "chat_completion_stream"))).length > 3);
  const embed = side => once(side).embeddings.create({ model: "text-embedding-3-small", input: "é" });
  await same(embed, recorded("openai", "embedding_base64"));
});

test("compressed answers, errors and streams are the same as without a gateway", async () => {
  const [whole, stream, error] = recorded("openai", "chat_completion", "chat_completion_stream", "error_400").map(gzipped);
  const chat = side => once(side).chat.completions.create(asking);
  assert.equal((await same(chat, [whole])).object, "chat.completion");
  assert.ok((await same(chat, [error])) instanceof OpenAI.BadRequestError);
  const pieces = async side => all(await once(side).chat.completions.create({ ...asking, stream: true }));
  assert.ok((await same(pieces, [stream])).length > 3);
});

test("an upload is the same as without a gateway, byte for byte", async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, place) => place % 256);
  const upload = side => once(side).files.create({ file: new File([bytes], "a é.jsonl"), purpose: "batch" });
  assert.match((await same(upload, recorded("openai", "file"))).id, /^file-/);
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_400", OpenAI.BadRequestError],
    ["error_401", OpenAI.AuthenticationError],
    ["error_429", OpenAI.RateLimitError],
    ["error_503", OpenAI.InternalServerError],
  ];
  for (const [name, expected] of cases) {
    const error = await same(side => once(side).chat.completions.create(asking), recorded("openai", name));
    assert.ok(error instanceof expected, `${name}: ${error}`);
  }
  const pieces = async side => all(await once(side).chat.completions.create({ ...asking, stream: true }));
  const [stream] = recorded("openai", "chat_completion_stream");
  assert.ok((await same(pieces, [cut(stream)])) instanceof Error);
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

test("what the gateway does not repeat the SDK repeats, as without a gateway", async () => {
  const [busy, good] = recorded("openai", "error_429", "chat_completion");
  busy.headers["retry-after-ms"] = "1";
  const twiceBusy = [busy, busy, good];
  const ask = side => at(side, { maxRetries: 2 }).chat.completions.create(asking);
  assert.equal((await same(ask, twiceBusy)).object, "chat.completion");
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
  await assert.rejects(own(journal()).models.list(), OpenAI.InternalServerError);
});
