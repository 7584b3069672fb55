// The official Supabase SDK through the gateway: tables, users, files, functions, changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "@supabase/supabase-js";
import { WebSocket } from "ws";
import { CALLERS_KEY, journal, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

const at = ({ base, key }) =>
  createClient(base, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    realtime: { transport: WebSocket },
  });
const client = () => at({ base: `${sandbox()}/supabase`, key: CALLERS_KEY });
const avatars = supabase => supabase.storage.from("avatars");
const JENNY = { email: "user@example.com", password: "password" };

const key = real("SUPABASE_KEY");
const same = twice({
  connector: "supabase",
  credential: { apikey: key, authorization: `Bearer ${key}`, "x-api-key": key },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
  differing: ["sec-websocket-key"],
});

/** What the SDK gives in place of throwing. */
const good = ({ data, error }) => {
  assert.equal(error, null);
  return data;
};

test("rows: read, counted, written, deleted", async () => {
  const users = () => client().from("users");
  const active = good(await users().select("*").eq("status", "active"));
  assert.ok(active.length > 0 && active.every(user => user.status === "active"), JSON.stringify(active));
  const counted = await users().select("*", { count: "exact", head: true }).eq("status", "active");
  assert.equal(counted.count, 3);
  assert.equal((await users().insert({ name: "John", email: "john@example.com" })).status, 201);
  const rows = [
    { name: "John", email: "john@example.com" },
    { name: "Sue", email: "sue@example.com" },
  ];
  assert.equal(good(await users().insert(rows).select()).length, 2);
  assert.equal((await users().update({ status: "inactive" }).eq("id", 4)).error, null);
  assert.equal((await users().delete().eq("id", 4)).error, null);
  assert.equal(good(await client().rpc("add", { a: 1, b: 2 })), 3);
});

test("an error of a table is the SDK's own", async () => {
  const { error, status } = await client().from("user").select("*");
  assert.equal(status, 404);
  assert.equal(error.code, "PGRST205");
});

test("users sign up and in", async () => {
  assert.equal(good(await client().auth.signInWithPassword(JENNY)).user.email, JENNY.email);
  const { error } = await client().auth.signInWithPassword({ ...JENNY, password: "wrong" });
  assert.equal(error.name, "AuthApiError");
  assert.equal(error.code, "invalid_credentials");
  assert.ok(good(await client().auth.signUp({ email: "new@example.com", password: "a long password" })).user.email);
  assert.ok(good(await client().auth.admin.listUsers({ page: 1, perPage: 1 })).users.length > 0);
});

test("a file: put there, read, listed, deleted", async () => {
  assert.ok(good(await avatars(client()).upload("folder/cat.txt", new Blob(["a made-up cat"]))).path);
  assert.ok((await good(await avatars(client()).download("folder/cat.txt")).text()).length > 0);
  assert.ok(good(await avatars(client()).list("folder")).length > 0);
  assert.ok(good(await avatars(client()).remove(["folder/cat.txt"])));
  assert.match(good(await avatars(client()).createSignedUrl("folder/cat.txt", 60)).signedUrl, /token=/);
  assert.ok(good(await client().storage.listBuckets()).length > 0);
  const { error } = await avatars(client()).download("nothing.txt");
  assert.match(error.name, /^Storage/);
});

test("an edge function", async () => {
  assert.ok(good(await client().functions.invoke("hello", { body: { name: "Functions" } })));
});

test("answers are the same as without a gateway", async () => {
  const select = side => at(side).from("users").select("*", { count: "exact" }).eq("status", "active").order("id").range(0, 9);
  assert.equal((await same(select, recorded("supabase", "select"))).data.length, 3);
  const insert = side => at(side).from("users").upsert({ id: 4, name: "Jön" }, { onConflict: "id" }).select();
  assert.equal((await same(insert, recorded("supabase", "insert_return"))).status, 201);
  const remove = side => at(side).from("users").delete().or("id.eq.4,name.eq.a b").select();
  await same(remove, recorded("supabase", "update_return"));
  const count = side => at(side).from("users").select("*", { count: "exact", head: true });
  assert.equal((await same(count, recorded("supabase", "count"))).count, 3);
  assert.equal((await same(side => at(side).rpc("add", { a: 1, b: 2 }), recorded("supabase", "rpc"))).data, 3);
  const signIn = async side => {
    const { data, error } = await at(side).auth.signInWithPassword(JENNY);
    // The SDK works it out from its own clock.
    delete data.session.expires_at;
    return { data, error };
  };
  assert.equal(good(await same(signIn, recorded("supabase", "sign_in"))).user.email, JENNY.email);
  await same(side => at(side).functions.invoke("hello", { body: { name: "Functions" } }), recorded("supabase", "function"));
});

// What Supabase gave the user, in place of the app's key.
const sameAsUser = twice({
  connector: "supabase",
  credential: ({ target }) => ({
    apikey: key,
    authorization: `Bearer ${target.includes("/auth/v1/token") ? key : "made-up.access.token"}`,
    "x-api-key": key,
  }),
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

test("whoever has signed in is known by a token of their own", async () => {
  const rows = async side => {
    const supabase = at(side);
    good(await supabase.auth.signInWithPassword(JENNY));
    return good(await supabase.from("users").select("*"));
  };
  const [signIn, select] = recorded("supabase", "sign_in", "select");
  // A session that was over when it began would not be shown.
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  signIn.pieces = signIn.pieces.map(text => text.replace(/("expires_at": )\d+/, `$1${inAnHour}`));
  assert.equal((await sameAsUser(rows, [signIn, select])).length, 3);
});

test("files are the same as without a gateway, byte for byte", async () => {
  const bytes = Uint8Array.from({ length: 1024 }, (_, place) => place % 256);
  const upload = side => avatars(at(side)).upload("folder/a cat é.bin", bytes, { contentType: "image/png", upsert: true });
  good(await same(upload, recorded("supabase", "upload")));
  const form = side => avatars(at(side)).upload("folder/cat.txt", new Blob([bytes]));
  good(await same(form, recorded("supabase", "upload")));
  const download = async side => {
    const { data } = await avatars(at(side)).download("folder/a cat é.bin");
    return new Uint8Array(await data.arrayBuffer());
  };
  await same(download, recorded("supabase", "download"));
});

test("errors are the same as without a gateway", async () => {
  const select = side => at(side).from("users").select("*").single();
  const cases = ["error_400_column", "error_401", "error_401_policy", "error_404", "error_406", "error_500_timeout"];
  for (const name of cases) {
    const { error } = await same(select, recorded("supabase", name));
    assert.ok(error.message, name);
  }
  const signIn = side => at(side).auth.signInWithPassword(JENNY);
  assert.equal((await same(signIn, recorded("supabase", "error_400_sign_in"))).error.name, "AuthApiError");
  const download = side => avatars(at(side)).download("nothing.txt");
  assert.match((await same(download, recorded("supabase", "error_404_download"))).error.name, /^Storage/);
  const invoke = side => at(side).functions.invoke("hello");
  assert.equal((await same(invoke, recorded("supabase", "error_546"))).error.name, "FunctionsHttpError");
});

// Realtime takes for a user's token what is no key of this form.
const PUBLISHABLE = `sb_publishable_${CALLERS_KEY}`;
const sameOverSocket = twice({
  connector: "supabase",
  credential: { apikey: key, authorization: `Bearer ${key}`, "x-api-key": key },
  keys: { real: { key }, callers: { key: PUBLISHABLE } },
  differing: ["sec-websocket-key"],
});

/** Joins a channel, says something to all, hears it and that a row was added, and leaves. */
const talk = async side => {
  const supabase = at(side);
  const second = supabase.channel("hall");
  const channel = supabase.channel("room", { config: { broadcast: { self: true, ack: true } } });
  const said = new Promise(hear => channel.on("broadcast", { event: "moved" }, hear));
  const rows = { event: "INSERT", schema: "public", table: "users" };
  const added = new Promise(hear => channel.on("postgres_changes", rows, hear));
  try {
    const status = await new Promise(join => channel.subscribe(join));
    assert.equal(await new Promise(join => second.subscribe(join)), "SUBSCRIBED");
    const sent = await channel.send({ type: "broadcast", event: "moved", payload: { text: "é".repeat(50_000) } });
    return { status, sent, said: (await said).payload, row: (await added).new, left: await channel.unsubscribe() };
  } finally {
    supabase.realtime.disconnect();
  }
};

test("what happens meanwhile is the same as without a gateway", { timeout: 20_000 }, async () => {
  const heard = await sameOverSocket(talk, []);
  const expected = { status: "SUBSCRIBED", sent: "ok", said: { text: "é".repeat(50_000) }, row: { id: 4 }, left: "ok" };
  assert.deepEqual(heard, expected);
});

test("an upstream that is away is an error", async () => {
  const { error } = await at({ base: `${journal()}/supabase`, key: CALLERS_KEY }).rpc("add", { a: 1, b: 2 });
  assert.ok(error, "there is no error");
});
