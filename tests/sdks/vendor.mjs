// A third party on loopback: answers as it is told to and writes down what it hears. Its own
// process, so that a gateway can be started in front of it. `twice.mjs` tells it what to answer.
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { listen } from "./listen.mjs";
import { realtime } from "./realtime.mjs";

let answers = [];
let heard = [];

const server = createServer(async (request, response) => {
  // A caller may go away at any moment, on purpose too.
  request.on("error", () => {});
  response.on("error", () => {});
  const body = Buffer.concat(await request.toArray().catch(() => []));
  if (request.url === "/-/answers") {
    answers = JSON.parse(body);
    heard = [];
    return response.end();
  }
  if (request.url === "/-/heard") return response.end(JSON.stringify(heard));
  note(request, body);
  // The last answer is given for ever.
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  return send(response, answer ?? { status: 500, headers: {}, pieces: ["nobody has said what to answer"] });
});

function note(request, body) {
  heard.push({
    method: request.method,
    target: request.url,
    headers: request.rawHeaders,
    body: body.toString("latin1"),
  });
}

async function send(response, { status, headers, pieces, isCut }) {
  response.sendDate = false;
  response.writeHead(status, headers);
  // Each piece is a member of its own, which one after another are one body (RFC 1952 section 2.2).
  if (headers["content-encoding"] === "gzip") pieces = pieces.map(piece => gzipSync(piece));
  if (pieces.length === 1 && !isCut) return response.end(pieces[0]);
  for (const piece of pieces) await new Promise(sent => response.write(piece, sent));
  return isCut ? response.destroy() : response.end();
}

server.on("upgrade", realtime(note));
await listen(server);
