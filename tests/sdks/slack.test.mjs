// The official Slack SDK through the gateway, against the sandbox and against Prism.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorCode, LogLevel, WebClient } from "@slack/web-api";
import { CALLERS_KEY, all, journal, prism, sandbox } from "./product.mjs";

const at = (base, options = {}) =>
  new WebClient(CALLERS_KEY, {
    slackApiUrl: `${base}/slack/api/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
    ...options,
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
  const client = fault => at(sandbox(), { headers: { "Trunkline-Sandbox": fault, "Trunkline-Retry": "off" } });
  await assert.rejects(client("401").auth.test(), error => {
    assert.equal(error.code, ErrorCode.PlatformError, `${error}`);
    assert.match(error.data.error, /auth|token|account/);
    return true;
  });
  await assert.rejects(client("429").chat.postMessage(post), error => {
    assert.equal(error.code, ErrorCode.RateLimitedError, `${error}`);
    assert.ok(error.retryAfter > 0);
    return true;
  });
});

test("Slack's own document has nothing against what arrives", async () => {
  // The document wants a header `token` as well, which no SDK sends by itself.
  const client = at(prism(), { headers: { token: "x" } });
  assert.ok(await client.chat.postMessage(post));
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
