// The official Replicate SDK through the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import Replicate from "replicate";
import { CALLERS_KEY, all, journal, real, sandbox, vendor } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const at = ({ base, key }, options = {}) => new Replicate({ auth: key, baseUrl: `${base}/v1`, ...options });
const client = () => at({ base: `${sandbox()}/replicate`, key: CALLERS_KEY });
const VERSION = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa";
const hello = { version: VERSION, input: { text: "Alice" } };
const poem = { model: "meta/meta-llama-3-70b-instruct", input: { prompt: "Write a short poem about the weather." } };

const key = real("REPLICATE_API_TOKEN");
const same = twice({
  connector: "replicate",
  // The address of a stream is signed itself.
  credential: ({ target }) => (target.startsWith("/v1/files/made-up-stream") ? {} : { authorization: `Bearer ${key}` }),
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

/** Sends every request with one more header. */
const withHeader = (name, value) => {
  const adding = (url, init) => {
    const headers = new Headers(init.headers);
    headers.set(name, value);
    return fetch(url, { ...init, headers });
  };
  return at({ base: `${sandbox()}/replicate`, key: CALLERS_KEY }, { fetch: adding });
};

const refused = status => error => {
  assert.equal(error.name, "ApiError", `${error}`);
  assert.equal(error.response.status, status);
  return true;
};

test("a prediction, made, waited for and canceled", async () => {
  const prediction = await client().predictions.create(hello);
  assert.ok(prediction.id);
  const done = await client().wait(prediction, { interval: 1 });
  assert.equal(done.status, "succeeded");
  assert.ok(await client().run(`replicate/hello-world:${VERSION}`, { input: hello.input }));
  assert.equal((await client().predictions.cancel("madeupprediction0000000001")).status, "canceled");
});

test("a prediction of an official model", async () => {
  assert.equal((await client().predictions.create(poem)).model, poem.model);
});

test("models, the account and what was predicted", async () => {
  assert.equal((await client().models.get("replicate", "hello-world")).name, "hello-world");
  assert.ok((await client().models.list()).results.length > 0);
  assert.ok((await client().predictions.list()).results.length > 0);
  assert.ok((await client().accounts.current()).username);
});

test("predictions and models, page by page, with a fetch that leads back to the gateway", async () => {
  // Pages name the next one by its whole address, which the SDK follows as it stands.
  const base = `${sandbox()}/replicate`;
  const back = (url, init) => fetch(String(url).replace("https://api.replicate.com", base), init);
  const replicate = at({ base, key: CALLERS_KEY }, { fetch: back });
  for (const first of ["/models?sort_direction=asc", "/predictions?created_after=2026-09-21T00:00:00Z"]) {
    const list = async () => (await replicate.request(first, { method: "GET" })).json();
    assert.equal((await all(replicate.paginate(list))).length, 2, first);
  }
});

test("a file's life", async () => {
  const made = await client().files.create(new Blob(["made-up file"], { type: "text/plain" }));
  assert.ok(made.id);
  assert.equal((await client().files.get("made-up-file-1")).id, "made-up-file-1");
  assert.ok((await client().files.list()).results.length > 0);
  assert.equal(await client().files.delete("made-up-file-1"), true);
});

test("every error is the SDK's own, with its status", async () => {
  await assert.rejects(withHeader("Trunkline-Sandbox", "401").predictions.create(hello), refused(401));
  await assert.rejects(client().models.get("replicate", "nothing"), refused(404));
});

test("answers are the same as without a gateway", async () => {
  const made = await same(side => at(side).predictions.create(hello), recorded("replicate", "prediction"));
  assert.ok(made.urls.get);
  const wait = async side => {
    const prediction = await at(side).predictions.create({ ...hello, wait: 60 });
    return at(side).wait(prediction, { interval: 1 });
  };
  const steps = recorded("replicate", "prediction", "prediction_get_running", "prediction_get");
  assert.equal((await same(wait, steps)).status, "succeeded");
  const upload = side => at(side).files.create(new File(["\0made-up\xff"], "made-up.bin"), { page: 3 });
  assert.ok((await same(upload, recorded("replicate", "file"))).id);
  assert.equal(await same(side => at(side).files.delete("made-up-file-1"), recorded("replicate", "file_delete")), true);
});

test("a file among the inputs is uploaded first", async () => {
  const input = { image: new File(["\0made-up image\xff"], "made-up.png", { type: "image/png" }) };
  const predict = side => at(side).predictions.create({ version: VERSION, input });
  await same(predict, recorded("replicate", "file", "prediction"));
});

test("what a model writes comes piece by piece from the address that the answer names", async () => {
  const [made, pieces] = recorded("replicate", "model_prediction", "prediction_stream");
  made.pieces = made.pieces.map(piece => piece.replace("https://stream.replicate.com", vendor()));
  const stream = side => at(side, { useFileOutput: false }).stream(poem.model, { input: poem.input });
  const write = async side => (await all(stream(side))).map(String);
  const written = await same(write, [made, pieces]);
  assert.deepEqual(written.slice(0, 3), ["Once", " upon", " a time"], written.stack);
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_401_predictions", 401],
    ["error_402", 402],
    ["error_404", 404],
    ["error_422_input", 422],
    ["error_500", 500],
  ];
  for (const [name, status] of cases) {
    const error = await same(side => at(side).predictions.create(hello), recorded("replicate", name));
    refused(status)(error);
  }
});

test("an upstream that is away is an error, however often it is asked", async () => {
  // The SDK repeats a GET by itself, whatever it is told; what creates something neither repeats.
  await assert.rejects(at({ base: `${journal()}/replicate`, key: CALLERS_KEY }).predictions.create(hello), refused(503));
});
