// Where the running product is, as the test that started it says, and what its upstreams give.
import assert from "node:assert/strict";

const address = name => {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run these through \`cargo nextest run -p trunkline-tests\``);
  return value;
};

/** A gateway that answers from its examples. */
export const sandbox = () => address("TRUNKLINE_SANDBOX");
/** The same, mounted at `/` for stripe alone. */
export const sandboxStripe = () => new URL(address("TRUNKLINE_SANDBOX_STRIPE"));
/** A gateway whose upstream is played by the test that started us. */
export const journal = () => address("TRUNKLINE_JOURNAL");
/** The same, mounted at `/` for stripe alone. */
export const journalStripe = () => new URL(address("TRUNKLINE_JOURNAL_STRIPE"));
/** A gateway whose upstream is Prism with the vendor's own document. */
export const prism = () => address("TRUNKLINE_PRISM");

/** A key that is good nowhere: whoever sees it upstream has found a leak. */
export const CALLERS_KEY = "callers-own-credential-0123456789";
export const CALLERS_SID = "AC00000000000000000000000000000000";

/** Everything that an async iterable gives. */
export const all = async iterable => {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
};
