// Discord's own REST client through the gateway: a bot's messages, and webhooks, whose token stands
// in the path.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DiscordAPIError, HTTPError, REST, RateLimitError } from "@discordjs/rest";
import { CALLERS_KEY, journal, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const CHANNEL = "100000000000000001";
const MESSAGE = "200000000000000001";
const messages = `/channels/${CHANNEL}/messages`;
const hello = { body: { content: "Hello, world" } };

const at = ({ base, key, webhook }, options = {}) => {
  const rest = new REST({ api: `${base}/api`, version: "10", retries: 0, rejectOnRateLimit: () => true, ...options });
  return { rest: rest.setToken(key), hook: `/webhooks/${webhook}` };
};
const callers = { key: CALLERS_KEY, webhook: `1111111111111111111/${CALLERS_KEY}` };
const own = base => at({ base: `${base}/discord`, ...callers });

const key = real("DISCORD_TOKEN");
const keys = { real: { key, webhook: real("DISCORD_WEBHOOK_URL").split("/webhooks/")[1] }, callers };
const same = twice({ connector: "discord", credential: { authorization: `Bot ${key}` }, keys });
// Whoever has a webhook's address needs no bot, so none is shown there.
const sameOfHook = twice({ connector: "discord", credential: {}, keys });

test("a bot: a channel, its messages, one written, changed, deleted", async () => {
  const { rest } = own(sandbox());
  assert.equal((await rest.get("/users/@me")).bot, true);
  assert.equal((await rest.get(`/channels/${CHANNEL}`)).id, CHANNEL);
  assert.ok((await rest.post(messages, hello)).id);
  assert.ok((await rest.patch(`${messages}/${MESSAGE}`, hello)).edited_timestamp);
  await rest.delete(`${messages}/${MESSAGE}`);
});

test("messages, page by page", async () => {
  const { rest } = own(sandbox());
  const page = query => rest.get(messages, { query: new URLSearchParams({ limit: "2", ...query }) });
  const first = await page({});
  const second = await page({ before: first.at(-1).id });
  const ids = [...first, ...second].map(message => message.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length > 2, `${ids.length} messages`);
});

test("a webhook: a message written, changed, deleted, with an id and a token made up by the caller", async () => {
  const { rest, hook } = own(sandbox());
  const sent = await rest.post(hook, { ...hello, auth: false, query: new URLSearchParams({ wait: "true" }) });
  assert.ok(sent.webhook_id);
  assert.equal((await rest.patch(`${hook}/messages/${MESSAGE}`, { ...hello, auth: false })).id, MESSAGE);
  await rest.delete(`${hook}/messages/${MESSAGE}`, { auth: false });
});

test("an error is the SDK's own", async () => {
  const { rest } = own(sandbox());
  await assert.rejects(rest.get("/channels/100000000000000000/messages"), error => {
    assert.ok(error instanceof DiscordAPIError, `${error}`);
    assert.equal(error.status, 404);
    assert.equal(error.code, 10003);
    return true;
  });
});

test("answers are the same as without a gateway", async () => {
  assert.ok((await same(side => at(side).rest.post(messages, hello), recorded("discord", "message"))).id);
  const file = { name: "a.bin", data: Buffer.from("\0\xff", "latin1"), contentType: "image/png" };
  await same(side => at(side).rest.post(messages, { ...hello, files: [file] }), recorded("discord", "message"));
  assert.equal((await same(side => at(side).rest.get("/users/@me"), recorded("discord", "user"))).bot, true);
  const react = side => at(side).rest.put(`${messages}/${MESSAGE}/reactions/${encodeURIComponent("🔥")}/@me`);
  await same(react, recorded("discord", "message_delete"));
});

test("answers to a webhook are the same as without a gateway", async () => {
  const wait = { query: new URLSearchParams({ wait: "true", thread_id: "1" }) };
  const execute = side => at(side).rest.post(at(side).hook, { ...hello, ...wait, auth: false });
  assert.ok((await sameOfHook(execute, recorded("discord", "webhook"))).webhook_id);
  const edit = side => at(side).rest.patch(`${at(side).hook}/messages/${MESSAGE}`, { ...hello, auth: false });
  await sameOfHook(edit, recorded("discord", "webhook_message_edit"));
});

test("a webhook of the version before is one too", async () => {
  const execute = side => at(side, { version: "9" }).rest.post(at(side).hook, { ...hello, auth: false });
  assert.ok((await sameOfHook(execute, recorded("discord", "webhook"))).webhook_id);
  const edit = side => at(side, { version: "9" }).rest.patch(`${at(side).hook}/messages/${MESSAGE}`, { ...hello, auth: false });
  await sameOfHook(edit, recorded("discord", "webhook_message_edit"));
});

/** What the SDK counts down from its own clock is never the same twice. */
function withoutClock(error) {
  delete error.timeToReset;
  throw error;
}

test("errors are the same as without a gateway", async () => {
  const cases = [
    ["error_400_form", DiscordAPIError, 400],
    ["error_401", DiscordAPIError, 401],
    ["error_403", DiscordAPIError, 403],
    ["error_500", HTTPError, 500],
    ["error_503", HTTPError, 503],
  ];
  for (const [name, expected, status] of cases) {
    const error = await same(side => at(side).rest.post(messages, hello), recorded("discord", name));
    assert.ok(error instanceof expected, `${name}: ${error}`);
    assert.equal(error.status, status);
  }
  for (const name of ["error_429_shared", "error_429_global", "error_429_user"]) {
    const call = side => at(side).rest.post(messages, hello).catch(withoutClock);
    const error = await same(call, recorded("discord", name));
    assert.ok(error instanceof RateLimitError, `${name}: ${error}`);
  }
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  await assert.rejects(own(journal()).rest.get(`/channels/${CHANNEL}`), error => error.status === 503);
});
