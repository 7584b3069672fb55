// Where the running product is, as the test that started it says, and what its upstreams give.
import assert from "node:assert/strict";

/** An address, by the name of the variable that has it. */
export const address = name => {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run these through \`cargo nextest run -p trunkline-tests\``);
  return value;
};

/** A gateway that answers from its examples. */
export const sandbox = () => address("TRUNKLINE_SANDBOX");
/** The same, mounted at `/` for stripe alone. */
export const sandboxStripe = () => address("TRUNKLINE_SANDBOX_DEDICATED");
/** A gateway whose upstream is played by the test that started us. */
export const journal = () => address("TRUNKLINE_JOURNAL");
/** The same, mounted at `/` for stripe alone. */
export const journalStripe = () => address("TRUNKLINE_JOURNAL_DEDICATED");
/** A gateway whose upstream is Prism with the vendor's own document. */
export const prism = () => address("TRUNKLINE_PRISM");

/** An upstream that answers what it is told to: see `twice.mjs`. */
export const vendor = () => address("TRUNKLINE_VENDOR");
/** A gateway in front of it, with real keys, that tries everything once. */
export const gateway = () => address("TRUNKLINE_GATEWAY");
/** The same, mounted at `/` for stripe alone. */
export const gatewayStripe = () => address("TRUNKLINE_GATEWAY_DEDICATED");
/** The real value of a secret, which only the upstream and the gateway know. */
export const real = name => address(`TRUNKLINE_REAL_${name}`);

/** A key that is good nowhere: whoever sees it upstream has found a leak. */
export const CALLERS_KEY = "callers-own-credential-0123456789";
export const CALLERS_SID = "AC00000000000000000000000000000000";
export const CALLERS = [CALLERS_KEY, CALLERS_SID];

/** Everything that an async iterable gives. */
export const all = async iterable => {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
};
