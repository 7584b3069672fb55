// Which of the vendors' OpenAPI documents `connectors import` is tried on: all of some vendors, and
// of all others one in twelve, by size, so that small and large ones are among them.
const ALL_OF = /^package\/api\/((stripe|sendgrid|slack)\.com\.json|twilio\.com\/|github\.com\/)/;
const ONE_IN = 12;

// Documents without a single operation, of which no connector can be made.
const EMPTY = /(^package\/api\/(firstinspires\.org|ipinfodb\.com|iva-api\.com|zenoti\.com)|youtubeAnalytics|adyen\.com\/.*Notification.*)\.json$/;

// `listing` is what `tar -tvz` prints; gives names.
export function sample(listing) {
  const files = [];
  for (const line of listing.split("\n")) {
    const [, size, name] = /^-\S+\s+\S+\s+(\d+)\s+\S+\s+\S+\s+(package\/api\/.+\.json)$/.exec(line) ?? [];
    if (name && !EMPTY.test(name)) files.push({ name, size: Number(size) });
  }
  const wanted = files.filter(({ name }) => ALL_OF.test(name));
  const others = files.filter(({ name }) => !ALL_OF.test(name));
  others.sort((left, right) => left.size - right.size || (left.name < right.name ? -1 : 1));
  // The few giants would take longer than all others together; one of them is tried by itself.
  const chosen = others.filter(({ size }, place) => place % ONE_IN === 0 && size < 6_000_000);
  return [...wanted, ...chosen].map(({ name }) => name);
}
