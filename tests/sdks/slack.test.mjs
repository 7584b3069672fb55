// The official Slack SDK through the gateway, against the sandbox and against Prism.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorCode, LogLevel, WebClient } from "@slack/web-api";
import { CALLERS_KEY, all, journal, prism, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const client = ({ base, key }, options = {}) =>
  new WebClient(key, {
    slackApiUrl: `${base}/api/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
    // Slack hands out addresses for files, which the SDK follows: here, back to the gateway.
    fetch: (url, init) => fetch(String(url).replace("https://files.slack.com", base), init),
    ...options,
  });
const at = (base, options) => client({ base: `${base}/slack`, key: CALLERS_KEY }, options);

const key = real("SLACK_BOT_TOKEN");
const same = twice({
  connector: "slack",
  // A file's address is signed itself.
  credential: ({ target }) => (target.startsWith("/upload/") ? {} : { authorization: `Bearer ${key}` }),
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});
const post = { channel: "C0MADEUP01", text: "Hello, world" };

test("who we are", async () => {
  assert.equal((await at(sandbox()).auth.test()).ok, true);
});

test("a message, which the SDK sends as a form", async () => {
  const sent = await at(sandbox()).chat.postMessage(post);
  assert.equal(sent.ok, true);
  assert.match(sent.ts, /^\d+\.\d+$/);
  const blocks = [{ type: "section", text: { type: "mrkdwn", text: "*Deployed*" } }];
  assert.equal((await at(sandbox()).chat.postMessage({ ...post, blocks })).ok, true);
});

const file = {
  channel_id: "C0MADEUP01",
  filename: "report.txt",
  file: Buffer.from("Hello, world"),
  initial_comment: "The report",
};

test("a file, in three steps that the SDK takes by itself", async () => {
  const { ok, files } = await at(sandbox()).filesUploadV2(file);
  assert.equal(ok, true);
  assert.ok(files[0].files[0].id);
});

test("channels, page by page", async () => {
  const pages = await all(at(sandbox()).paginate("conversations.list", { limit: 2 }));
  const ids = pages.flatMap(page => page.channels.map(channel => channel.id));
  assert.ok(pages.length > 1, `${pages.length} pages`);
  assert.equal(new Set(ids).size, ids.length);
});

test("an error that calls itself ok is the SDK's own error", async () => {
  await assert.rejects(at(sandbox()).chat.postMessage({ ...post, channel: "C0NOWHERE" }), error => {
    assert.equal(error.code, ErrorCode.PlatformError, `${error}`);
    assert.equal(error.data.error, "channel_not_found");
    return true;
  });
});

test("a wrong token and too many requests are told apart", async () => {
  const failing = fault => at(sandbox(), { headers: { "Trunkline-Sandbox": fault, "Trunkline-Retry": "off" } });
  await assert.rejects(failing("401").auth.test(), error => {
    assert.equal(error.code, ErrorCode.PlatformError, `${error}`);
    assert.match(error.data.error, /auth|token|account/);
    return true;
  });
  await assert.rejects(failing("429").chat.postMessage(post), error => {
    assert.equal(error.code, ErrorCode.RateLimitedError, `${error}`);
    assert.ok(error.retryAfter > 0);
    return true;
  });
});

test("answers are the same as without a gateway", async () => {
  const blocks = [{ type: "section", text: { type: "mrkdwn", text: "*Deployed* é" } }];
  const send = side => client(side).chat.postMessage({ ...post, blocks });
  assert.equal((await same(send, recorded("slack", "message_blocks"))).ok, true);
  const list = side => client(side).conversations.list({ limit: 2, types: "public_channel,private_channel" });
  assert.ok((await same(list, recorded("slack", "channels_page_1"))).channels.length > 0);
});

test("an upload is the same as without a gateway, byte for byte", async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 1024 }, (_, place) => place % 256));
  const upload = side => client(side).filesUploadV2({ ...file, file: bytes });
  assert.equal((await same(upload, recorded("slack", "upload_url", "upload_send", "upload_complete"))).ok, true);
});

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_auth", ErrorCode.PlatformError],
    ["error_channel_not_found", ErrorCode.PlatformError],
    ["error_429", ErrorCode.RateLimitedError],
    ["error_500", ErrorCode.HTTPError],
    ["error_503", ErrorCode.HTTPError],
  ];
  for (const [name, code] of cases) {
    const error = await same(side => client(side).chat.postMessage(post), recorded("slack", name));
    assert.equal(error.code, code, `${name}: ${error}`);
  }
});

test("Slack's own document has nothing against what arrives", async () => {
  // The document wants a header `token` as well, which no SDK sends by itself.
  assert.ok(await at(prism(), { headers: { token: "x" } }).chat.postMessage(post));
});

test("Slack's own document refuses what it should, and the refusal arrives", async () => {
  await assert.rejects(at(prism()).chat.postMessage(post), error => {
    assert.equal(error.code, ErrorCode.HTTPError, `${error}`);
    assert.ok(error.statusCode >= 400, `${error}`);
    return true;
  });
});

test("an upstream that is away is an HTTP error", async () => {
  await assert.rejects(at(journal()).chat.postMessage(post), error => {
    assert.equal(error.code, ErrorCode.HTTPError, `${error}`);
    assert.equal(error.statusCode, 503);
    return true;
  });
});
