// The official Groq SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import Groq from "groq-sdk";
import { CALLERS_KEY, all, journal, real, sandbox } from "./product.mjs";
import { cut, recorded, twice } from "./twice.mjs";

const at = ({ base, key }) => new Groq({ apiKey: key, baseURL: base, maxRetries: 0 });
const client = () => at({ base: `${sandbox()}/groq`, key: CALLERS_KEY });
const asking = { model: "llama-3.1-8b-instant", messages: [{ role: "user", content: "Say hello in one sentence." }] };
const streaming = { ...asking, stream: true };

const key = real("GROQ_API_KEY");
const same = twice({
  connector: "groq",
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

test("models, one with a slash in its name", async () => {
  assert.ok((await client().models.list()).data.length > 0);
  assert.equal((await client().models.retrieve("openai/gpt-oss-20b")).id, "openai/gpt-oss-20b");
});

test("a recording as text", async () => {
  const file = new File(["made-up sound"], "hello.mp3");
  const { text } = await client().audio.transcriptions.create({ file, model: "whisper-large-v3-turbo" });
  assert.ok(text.length > 0);
});

test("every error is the SDK's own class", async () => {
  const cases = [
    ["401", Groq.AuthenticationError],
    ["429", Groq.RateLimitError],
    ["503", Groq.InternalServerError],
  ];
  for (const [fault, expected] of cases) {
    const options = { headers: { "Trunkline-Sandbox": fault, "Trunkline-Retry": "off" } };
    await assert.rejects(client().chat.completions.create(asking, options), error => {
      assert.ok(error instanceof expected, `${fault}: ${error}`);
      assert.ok(error.headers.get("trunkline-hint"), fault);
      return true;
    });
  }
  await assert.rejects(client().chat.completions.create({ model: asking.model }), Groq.BadRequestError);
});

test("answers are the same as without a gateway", async () => {
  const chat = side => at(side).chat.completions.create(asking);
  assert.equal((await same(chat, recorded("groq", "chat_completion"))).object, "chat.completion");
  const pieces = async side => all(await at(side).chat.completions.create(streaming));
  assert.ok((await same(pieces, recorded("groq", "chat_completion_stream"))).length > 3);
  await same(side => at(side).models.retrieve("openai/gpt-oss-20b"), recorded("groq", "model_slash"));
  const file = new File(["\0made-up sound\xff"], "hello.mp3");
  const transcribe = side => at(side).audio.transcriptions.create({ file, model: "whisper-large-v3-turbo" });
  assert.ok((await same(transcribe, recorded("groq", "transcription"))).text);
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_400", Groq.BadRequestError],
    ["error_401", Groq.AuthenticationError],
    ["error_404_model", Groq.NotFoundError],
    ["error_429", Groq.RateLimitError],
    ["error_498", Groq.APIError],
    ["error_503", Groq.InternalServerError],
  ];
  for (const [name, expected] of cases) {
    const error = await same(side => at(side).chat.completions.create(asking), recorded("groq", name));
    assert.ok(error instanceof expected, `${name}: ${error}`);
  }
});

test("a stream that breaks off is an error and not an end", async () => {
  const pieces = async side => all(await at(side).chat.completions.create(streaming));
  const [stream] = recorded("groq", "chat_completion_stream");
  assert.ok((await same(pieces, [cut(stream)])) instanceof Error);
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  const patient = new Groq({ apiKey: CALLERS_KEY, baseURL: `${journal()}/groq` });
  await assert.rejects(patient.models.list(), Groq.InternalServerError);
});
