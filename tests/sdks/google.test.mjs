// Google's SDKs for Sheets and Calendar through the gateway: two hosts under one connector.
import assert from "node:assert/strict";
import { test } from "node:test";
import { auth, calendar } from "@googleapis/calendar";
import { sheets } from "@googleapis/sheets";
import { CALLERS_KEY, journal, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

// The address is an option of each call: the client's own loses its path.
const at = ({ base, key }) => {
  const { OAuth2 } = auth;
  const signed = new OAuth2();
  signed.setCredentials({ access_token: key });
  const options = { rootUrl: `${base}/`, retry: false };
  const { values } = sheets({ version: "v4", auth: signed }).spreadsheets;
  const { events, calendarList } = calendar({ version: "v3", auth: signed });
  return { values, events, calendarList, options };
};
const own = base => at({ base: `${base}/google`, key: CALLERS_KEY });
const spreadsheetId = "1MadeUpSpreadsheetId0123456789abcdefghijklmn";
const cells = { spreadsheetId, range: "Sheet1!A1:B2" };
const rows = { valueInputOption: "USER_ENTERED", requestBody: { values: [["Ada", 20]] } };
const lunch = {
  summary: "Lunch 1",
  start: { dateTime: "2026-12-01T12:00:00Z", timeZone: "Europe/London" },
  end: { dateTime: "2026-12-01T13:00:00Z", timeZone: "Europe/London" },
};
const primary = { calendarId: "primary" };

const key = real("GOOGLE_ACCESS_TOKEN");
const same = twice({
  connector: "google",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_KEY } },
});

const refused = status => error => {
  assert.equal(error.constructor.name, "GaxiosError", `${error}`);
  assert.equal(error.status, status, `${error}`);
  assert.ok(error.message, "there is no message");
  return true;
};

test("cells: read, appended, written", async () => {
  const { values, options } = own(sandbox());
  assert.ok((await values.get(cells, options)).data.values.length > 0);
  const ranges = { spreadsheetId, ranges: ["Sheet1!A1:B1", "Sheet1!A2:B2"] };
  assert.equal((await values.batchGet(ranges, options)).data.valueRanges.length, 2);
  assert.equal((await values.append({ ...cells, ...rows }, options)).data.updates.updatedRows, 1);
  assert.ok((await values.update({ ...cells, ...rows }, options)).data.updatedCells > 0);
});

test("events: listed page by page, made, deleted", async () => {
  const { events, calendarList, options } = own(sandbox());
  const first = (await events.list({ ...primary, maxResults: 2 }, options)).data;
  const second = (await events.list({ ...primary, maxResults: 2, pageToken: first.nextPageToken }, options)).data;
  const ids = [...first.items, ...second.items].map(event => event.id);
  assert.ok(ids.length > 2, `${ids.length} events`);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(second.nextPageToken, undefined);
  assert.equal((await events.insert({ ...primary, requestBody: lunch }, options)).data.status, "confirmed");
  assert.equal((await events.delete({ ...primary, eventId: "madeupevent01" }, options)).status, 204);
  assert.ok((await calendarList.list({}, options)).data.items.length > 0);
});

test("an error is the SDK's own", async () => {
  const { values, options } = own(sandbox());
  await assert.rejects(values.get({ ...cells, spreadsheetId: "nowhere" }, options), refused(404));
  await assert.rejects(values.get({ ...cells, range: "Nowhere!A1" }, options), refused(400));
});

/** Calls with the options, and gives what callers look at. */
const call = make => async side => {
  const { options, ...apis } = at(side);
  const { status, data } = await make(apis, options);
  return { status, data };
};

test("answers are the same as without a gateway", async () => {
  const values = call(({ values }, options) => values.get(cells, options));
  assert.equal((await same(values, recorded("google", "values"))).status, 200);
  const ranges = { spreadsheetId, ranges: ["A!A1", "B c!A1:B"] };
  await same(call(({ values }, options) => values.batchGet(ranges, options)), recorded("google", "values_batch_get"));
  const append = call(({ values }, options) => values.append({ ...cells, ...rows }, options));
  await same(append, recorded("google", "values_append"));
  const insert = call(({ events }, options) => events.insert({ ...primary, requestBody: lunch }, options));
  assert.equal((await same(insert, recorded("google", "event_insert"))).data.status, "confirmed");
  const remove = call(({ events }, options) => events.delete({ calendarId: "a b@example.com", eventId: "1" }, options));
  assert.equal((await same(remove, recorded("google", "event_delete"))).status, 204);
  await same(call(({ calendarList }, options) => calendarList.list({}, options)), recorded("google", "calendars"));
});

/** What callers look at of an error. */
const fails = make => side =>
  make(at(side)).then(
    () => assert.fail("there is no error"),
    error => {
      const { name, message, status, code, errors, cause, response } = error;
      const seen = { name, message, status, code, errors, cause: cause && { ...cause, message: cause.message } };
      return { ...seen, class: error.constructor.name, data: response.data, headers: response.headers };
    },
  );

test("errors are the same as without a gateway", async () => {
  const sheet = fails(({ values, options }) => values.get(cells, options));
  const cases = [
    ["error_400_range", 400],
    ["error_401", 401],
    ["error_403_disabled", 403],
    ["error_404", 404],
    ["error_429", 429],
    ["error_503", 503],
  ];
  for (const [name, status] of cases) {
    const seen = await same(sheet, recorded("google", name));
    assert.deepEqual([seen.class, seen.status], ["GaxiosError", status], name);
  }
  const events = fails(({ events, options }) => events.list(primary, options));
  assert.equal((await same(events, recorded("google", "error_403_rate"))).status, 403);
});

test("what the gateway has repeated the SDK does not repeat", async () => {
  const { events, options } = own(journal());
  await assert.rejects(events.list(primary, options), refused(503));
});
