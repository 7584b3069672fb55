// The official SendGrid SDK through the gateway, against the sandbox and against Prism.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "@sendgrid/client";
import { MailService } from "@sendgrid/mail";
import { journal, prism, real, sandbox } from "./product.mjs";
import { recorded, twice } from "./twice.mjs";

// The SDK warns of a key that does not begin like one.
const CALLERS_OWN = "SG.callers-own-credential-0123456789";

const at = ({ base, key }) => {
  const client = new Client();
  client.setApiKey(key);
  client.setDefaultRequest("baseUrl", `${base}/`);
  const mail = new MailService();
  mail.setClient(client);
  return { client, mail };
};
const own = base => at({ base: `${base}/sendgrid`, key: CALLERS_OWN });
const email = {
  to: { email: "jenny@example.com", name: "Jenny Rosen" },
  from: { email: "noreply@example.com", name: "Made-up company" },
  subject: "Hello",
  html: "<p>Hi there!</p>",
};
const templates = ({ client }, qs) => client.request({ method: "GET", url: "/v3/templates", qs });

const key = real("SENDGRID_API_KEY");
const same = twice({
  connector: "sendgrid",
  credential: { authorization: `Bearer ${key}` },
  keys: { real: { key }, callers: { key: CALLERS_OWN } },
});

test("an email is taken without a word", async () => {
  const [response, body] = await own(sandbox()).mail.send(email);
  assert.equal(response.statusCode, 202);
  assert.ok(response.headers["x-message-id"]);
  assert.equal(body, "");
});

test("templates, page by page", async () => {
  const query = { generations: "dynamic", page_size: 2 };
  const [, first] = await templates(own(sandbox()), query);
  const token = new URL(first._metadata.next).searchParams.get("page_token");
  const [, second] = await templates(own(sandbox()), { ...query, page_token: token });
  const ids = [...first.result, ...second.result].map(template => template.id);
  assert.ok(ids.length > 2, `${ids.length} templates`);
  assert.equal(new Set(ids).size, ids.length);
});

test("scopes", async () => {
  const [, { scopes }] = await own(sandbox()).client.request({ method: "GET", url: "/v3/scopes" });
  assert.ok(scopes.includes("mail.send"));
});

test("an error is the SDK's own", async () => {
  const request = own(sandbox()).client.request({ method: "GET", url: "/v3/templates/d-00000000000000000000000000000000" });
  await assert.rejects(request, error => {
    assert.equal(error.constructor.name, "ResponseError", `${error}`);
    assert.equal(error.code, 404);
    assert.ok(error.response.body.errors ?? error.response.body.error, JSON.stringify(error.response.body));
    return true;
  });
});

test("answers are the same as without a gateway", async () => {
  const attachments = [{ content: Buffer.from("\0\xff").toString("base64"), filename: "a.bin" }];
  const send = side => at(side).mail.send({ ...email, attachments });
  assert.equal((await same(send, recorded("sendgrid", "mail")))[0].statusCode, 202);
  const many = side => at(side).mail.send([email, { ...email, templateId: "d-1", dynamicTemplateData: { name: "Jön" } }]);
  await same(many, recorded("sendgrid", "mail", "mail_template"));
  await same(side => templates(at(side), { page_size: 2 }), recorded("sendgrid", "templates_page_1"));
});

test("errors are the same as without a gateway", async () => {
  for (const code of [400, 401, 403, 413, 429, 500, 503]) {
    const error = await same(side => at(side).mail.send(email), recorded("sendgrid", `error_${code}`));
    assert.equal(error.constructor.name, "ResponseError", `${code}: ${error}`);
    assert.equal(error.code, code);
  }
});

test("SendGrid's own document has nothing against what arrives", async () => {
  const [response] = await own(prism()).mail.send(email);
  assert.equal(response.statusCode, 202);
  const [, body] = await templates(own(prism()), { generations: "dynamic", page_size: 2 });
  assert.ok(body);
});

test("SendGrid's own document refuses what it should, and the refusal arrives", async () => {
  const body = { from: { email: "a@b.example" } };
  const request = { method: "POST", url: "/v3/mail/send", body };
  await assert.rejects(own(prism()).client.request(request), error => {
    assert.ok([400, 422].includes(error.code), `${error}`);
    return true;
  });
});

test("an email that an upstream may have taken is not sent again", async () => {
  await assert.rejects(own(journal()).mail.send(email), error => error.code === 503);
});
