// Makes the same call twice, straight to an upstream and through the gateway in front of it. The SDK
// must not see a difference, and the upstream none but the credential.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { CALLERS, gateway, vendor } from "./product.mjs";

/** Answers that were recorded for the connector's examples, for one request after another. */
export const recorded = (connector, ...names) => names.map(name => answerOf(connector, name));

/** A recorded answer that breaks off in the middle. */
export const cut = answer => {
  const pieces = answer.pieces.slice(0, Math.ceil(answer.pieces.length / 2));
  return { ...answer, pieces, isCut: true };
};

/** A recorded answer as a server sends it that compresses. */
export const gzipped = answer => ({ ...answer, headers: { ...answer.headers, "content-encoding": "gzip" } });

function answerOf(connector, name) {
  const file = new URL(`../../connectors/${connector}/examples/${name}.toml`, import.meta.url);
  const { answer } = parse(readFileSync(file, "utf8"));
  const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => [name, at(value)]);
  return { status: answer.status, headers: Object.fromEntries(headers), pieces: piecesOf(answer.body ?? {}) };
}

// Times stand in examples as what is to come. The same one twice, so that answers are the same.
const started = Math.floor(Date.now() / 1000);
const at = text =>
  text
    .replace(/\{unix\+(\d+)s\}/, (_, seconds) => started + Number(seconds))
    .replace(/\{now\+(\d+)s\}/, (_, seconds) => new Date((started + Number(seconds)) * 1000).toISOString());

function piecesOf({ json, text, events }) {
  if (!events) return [json?.trim() ?? text ?? ""];
  return events.map(({ event, data }) => `${event ? `event: ${event}\n` : ""}${data.replace(/^/gm, "data: ")}\n\n`);
}

/**
 * How to call a connector's upstream twice.
 *
 * `credential` is what the upstream must be shown, as headers by their lower-case names: always the
 * same, or made from a request. `differing` are headers that no two calls have in common, or that the
 * connector declares and the SDK leaves out.
 */
export const twice = ({ connector, credential, keys, differing = [], base = `${gateway()}/${connector}` }) => {
  const shownFor = typeof credential === "function" ? credential : () => credential;
  const direct = { base: vendor(), ...keys.real };
  const through = { base, ...keys.callers };

  /** Calls; gives what came of the call through the gateway, an error too. */
  return async (call, answers) => {
    const [one, other] = [await play(call, direct, answers), await play(call, through, answers)];
    const shown = [one, other].map(({ outcome }, place) => show(outcome, [direct, through][place]));
    assert.deepEqual(shown[1], shown[0], "the SDK sees a difference");
    const left = request => [...Object.keys(shownFor(request)), ...differing];
    const seen = [one, other].map(({ heard }) => heard.map(request => plain(request, left(request))));
    assert.deepEqual(seen[1], seen[0], "the upstream sees a difference");
    for (const request of other.heard) check(request, shownFor(request));
    return other.outcome.error ?? other.outcome.value;
  };
};

async function play(call, side, answers) {
  await fetch(`${vendor()}/-/answers`, { method: "POST", body: JSON.stringify(answers) });
  const outcome = await Promise.resolve(side)
    .then(call)
    .then(
      value => ({ value }),
      error => ({ error }),
    );
  const heard = await (await fetch(`${vendor()}/-/heard`)).json();
  assert.ok(heard.length > 0, `the upstream was not asked: ${outcome.error?.stack}`);
  return { outcome, heard };
}

// === What the SDK sees

/** What our answers have besides the upstream's, and what belongs to one connection. */
const OURS = /^(trunkline-.*|x-accel-buffering|date|connection|keep-alive|transfer-encoding|content-length|socket)$/i;

/** A value with nothing in it that says which way it came. */
function show(outcome, side) {
  const text = JSON.stringify(tree(outcome, new Set())) ?? "";
  const secrets = Object.entries(side).filter(([, value]) => typeof value === "string");
  return JSON.parse(secrets.reduce((text, [name, value]) => text.replaceAll(value, `<${name}>`), text));
}

function tree(value, above) {
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) return "<above>";
  if (typeof value.toJSON === "function" && !(value instanceof Error)) return tree(value.toJSON(), above);
  const within = new Set(above).add(value);
  if (value instanceof Headers || value instanceof Map) return tree(Object.fromEntries(value), above);
  if (ArrayBuffer.isView(value)) return String(value);
  if (value instanceof Response) return { status: value.status, headers: tree(value.headers, within) };
  if (Array.isArray(value)) return value.map(item => tree(item, within));
  const own = Object.entries(value).filter(([name]) => !OURS.test(name));
  const fields = Object.fromEntries(own.map(([name, field]) => [name, tree(field, within)]));
  if (!(value instanceof Error)) return fields;
  const { name, message, cause } = value;
  return { class: value.constructor.name, name, message, cause: tree(cause, within), ...fields };
}

// === What the upstream sees

/** A request without what differs from one to the next anyway. */
function plain({ method, target, headers, body }, differing) {
  const pairs = pairsOf(headers);
  const left = [...differing, "authorization", "host", "connection", "keep-alive", "accept-encoding"];
  const kept = pairs.filter(([name]) => !left.includes(name)).sort();
  const boundary = /boundary="?([^";\n]+)/.exec(headers.join("\n"))?.[1];
  const text = JSON.stringify({ method, target: withoutCredential(target), headers: kept, body });
  return JSON.parse(boundary ? text.replaceAll(boundary, "<boundary>") : text);
}

/** Supabase's SDK shows the key in the address as well, where the gateway takes it away. */
const withoutCredential = target => target.replace(/\bapikey=[^&]*&?/, "");

/** The real credential, and nothing of the caller's own anywhere. */
function check(request, credential) {
  const sent = Object.fromEntries(pairsOf(request.headers));
  for (const [name, value] of Object.entries(credential)) assert.equal(sent[name], value, name);
  assert.equal(sent.authorization, credential.authorization, request.target);
  const all = JSON.stringify(request);
  for (const callers of CALLERS) assert.ok(!all.includes(callers), all);
}

const pairsOf = raw =>
  raw.flatMap((name, place) => (place % 2 === 0 ? [[name.toLowerCase(), raw[place + 1]]] : []));
