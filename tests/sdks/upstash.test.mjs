// The official Upstash Redis SDK through the gateway, against the sandbox and against a real Redis.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "@upstash/redis";
import { CALLERS_KEY, address, journal, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const at = ({ base, key }, options = {}) => new Redis({ url: base, token: key, ...options });
const own = (base, options) => at({ base: `${base}/upstash`, key: CALLERS_KEY }, options);
// One command a request, each at the address itself: else the SDK gathers them.
const single = { enableAutoPipelining: false };

const key = real("UPSTASH_REDIS_REST_TOKEN");
const same = twice({
  connector: "upstash",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
  // What the SDK was told to have read last.
  differing: ["upstash-sync-token"],
});

test("commands, from the sandbox", async () => {
  assert.equal(await own(sandbox()).get("key"), "value");
  assert.equal(await own(sandbox()).set("key", "value"), "OK");
  assert.deepEqual(await own(sandbox(), single).hgetall("user:1"), { name: "Jenny", visits: 3 });
  const [set, got] = await own(sandbox()).multi().set("key", "value").get("key").exec();
  assert.deepEqual([set, got], ["OK", "value"]);
});

/** A Redis of its own behind what speaks Upstash's protocol. */
const redis = options => own(address("TRUNKLINE_REDIS"), options);

test("texts, numbers, objects and bytes, in a real Redis", async () => {
  for (const options of [{}, single]) {
    const each = redis(options);
    assert.equal(await each.set("text", "Jön 🔥 \r\n\"'"), "OK");
    assert.equal(await each.get("text"), "Jön 🔥 \r\n\"'");
    assert.equal(await each.set("object", { name: "Jenny", list: [1, null] }, { ex: 60 }), "OK");
    assert.deepEqual(await each.get("object"), { name: "Jenny", list: [1, null] });
    assert.ok((await each.ttl("object")) > 0);
    assert.equal(await each.get("nothing"), null);
    assert.ok(Number.isInteger(await each.incr("counter")));
  }
});

test("hashes, lists and sorted sets, in a real Redis", async () => {
  await redis().hset("user:1", { name: "Jenny", visits: 3 });
  assert.deepEqual(await redis().hgetall("user:1"), { name: "Jenny", visits: 3 });
  await redis().del("list");
  assert.equal(await redis().rpush("list", "a", "b", "c"), 3);
  assert.deepEqual(await redis().lrange("list", 0, -1), ["a", "b", "c"]);
  await redis().zadd("scores", { score: 1.5, member: "a" }, { score: 2, member: "b" });
  assert.deepEqual(await redis().zrange("scores", 0, -1, { withScores: true }), ["a", 1.5, "b", 2]);
});

test("a pipeline and a transaction, in a real Redis", async () => {
  const pipeline = redis().pipeline().set("a", 1).incr("a").get("a");
  assert.deepEqual(await pipeline.exec(), ["OK", 2, 2]);
  assert.deepEqual(await redis().multi().set("b", "x").get("b").exec(), ["OK", "x"]);
  // What is asked for at once goes in one request.
  const values = await Promise.all(["a", "b", "nothing"].map(name => redis().get(name)));
  assert.deepEqual(values, [2, "x", null]);
});

test("a large value, in a real Redis", async () => {
  const large = "é".repeat(500_000);
  await redis(single).set("large", large);
  assert.equal(await redis(single).get("large"), large);
});

test("an error of Redis is the SDK's own, in a real Redis", async () => {
  await redis().set("text", "no number");
  await assert.rejects(redis().incr("text"), { name: "UpstashError", message: /not an integer/ });
  await assert.rejects(redis(single).lpush("text", "a"), { name: "UpstashError", message: /WRONGTYPE/ });
  const [incremented] = await redis().pipeline().incr("text").exec({ keepErrors: true });
  assert.match(incremented.error, /not an integer/);
});

test("the stand-in wants the real token, so the gateway has shown it", async () => {
  const past = new Redis({ url: address("TRUNKLINE_REDIS_DIRECT"), token: CALLERS_KEY });
  await assert.rejects(past.get("key"), { name: "UpstashError", message: /WRONGPASS/ });
});

test("answers are the same as without a gateway", async () => {
  const hash = side => at(side, single).hgetall("user:1");
  assert.deepEqual(await same(hash, recorded("upstash", "exec_base64")), { name: "Jenny", visits: 3 });
  await same(side => at(side).set("key", { name: "Jön" }), recorded("upstash", "pipeline_set"));
  await same(side => at(side).multi().set("key", "value").get("key").exec(), recorded("upstash", "multi_base64"));
});

test("errors are the same as without a gateway", async () => {
  for (const name of ["error_400", "error_401", "error_400_max_requests", "error_429", "error_500"]) {
    const error = await same(side => at(side, single).set("key", "value"), recorded("upstash", name));
    assert.equal(error.name, "UpstashError", `${name}: ${error}`);
  }
});

test("what an upstream may have done is not done again", async () => {
  await assert.rejects(own(journal(), single).incr("counter"), { name: "UpstashError" });
});
