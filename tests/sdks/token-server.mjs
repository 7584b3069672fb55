// A certified authorization server, oidc-provider, with clients that get tokens for themselves, and
// an API behind it that asks it about every token. What it has given out and what became of it is
// told, and changed, under `/told/`.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [password] = process.argv.slice(2);
const server = createServer();
await new Promise(listening => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const client = (client_id, token_endpoint_auth_method) => ({
  client_id,
  client_secret: password,
  token_endpoint_auth_method,
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
  scope: "read write",
});
// Seconds.
const LIFETIMES = { basic: 3600, post: 3600, five: 5, brief: 1 };
const provider = new Provider(issuer, {
  clients: Object.keys(LIFETIMES).map(name => client(name, name === "post" ? "client_secret_post" : "client_secret_basic")),
  scopes: ["read", "write"],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  ttl: { ClientCredentials: (context, token) => LIFETIMES[token.clientId] },
});

/** Every token there ever was. */
const tokens = [];
provider.on("client_credentials.saved", token => tokens.push(token));

const things = async (request, body) => {
  const shown = request.headers.authorization?.replace(/^Bearer /, "");
  const token = shown && (await provider.ClientCredentials.find(shown));
  if (!token || token.isExpired || request.url === "/api/closed") return [401, { error: "invalid_token" }];
  const number = tokens.filter(({ clientId }) => clientId === token.clientId).findIndex(({ jti }) => jti === token.jti) + 1;
  return [200, { client: token.clientId, scope: token.scope, number, body }];
};

const told = async path => {
  switch (path) {
    case "/told/revoke":
      await Promise.all(tokens.map(token => token.destroy()));
      return [200, {}];
    case "/told/expired":
      return [200, { expired: (await Promise.all(tokens.map(({ jti }) => provider.ClientCredentials.find(jti)))).every(token => !token || token.isExpired) }];
    default:
      return [200, { given: tokens.length }];
  }
};

const authorize = provider.callback();
server.on("request", async (request, response) => {
  if (!/^\/(api|told)\//.test(request.url)) return authorize(request, response);
  const body = Buffer.concat(await request.toArray()).toString();
  const [status, answer] = await (request.url.startsWith("/told/") ? told(request.url) : things(request, body));
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
});
console.log(`listening on ${issuer}`);
