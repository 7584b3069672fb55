// A stand-in of ours for Upstash: its protocol in front of a real Redis, whose socket is the first
// argument. It wants the token of the second. https://upstash.com/docs/redis/features/restapi
import { createServer } from "node:http";
import { connect } from "node:net";
import { listen } from "./listen.mjs";

const [path, token] = process.argv.slice(2);

const server = createServer(async (request, response) => {
  const json = { "content-type": "application/json" };
  const answer = (status, body) => response.writeHead(status, json).end(JSON.stringify(body));
  const body = await request.toArray();
  if (request.headers.authorization !== `Bearer ${token}`) {
    return answer(401, { error: "WRONGPASS invalid or missing auth token" });
  }
  const asked = JSON.parse(Buffer.concat(body));
  const encoding = request.headers["upstash-encoding"] === "base64" ? "base64" : "utf8";
  const shown = reply => (reply instanceof Error ? { error: reply.message } : { result: readable(reply, encoding) });
  switch (request.url.replace(/\/$/, "")) {
    case "/pipeline":
      return answer(200, (await run(asked)).map(shown));
    case "/multi-exec": {
      const replies = await run([["MULTI"], ...asked, ["EXEC"]]);
      return answer(200, replies.at(-1).map(shown));
    }
    case "": {
      const [reply] = await run([asked]);
      return answer(reply instanceof Error ? 400 : 200, shown(reply));
    }
    default:
      return answer(404, { error: "ERR no such address" });
  }
});

/** Texts as the caller wants them; what Redis says of itself, such as `OK`, stays as it is. */
function readable(reply, encoding) {
  if (Buffer.isBuffer(reply)) return reply.toString(encoding);
  return Array.isArray(reply) ? reply.map(item => readable(item, encoding)) : reply;
}

// === Redis: https://redis.io/docs/latest/develop/reference/protocol-spec/

/** Runs commands on a connection of their own; gives as many replies. */
async function run(commands) {
  const socket = connect({ path });
  socket.write(Buffer.concat(commands.flatMap(written)));
  let bytes = Buffer.alloc(0);
  const replies = [];
  for await (const piece of socket) {
    bytes = Buffer.concat([bytes, piece]);
    for (let read = parse(bytes); read; read = parse(bytes)) {
      replies.push(read.value);
      bytes = bytes.subarray(read.end);
    }
    if (replies.length === commands.length) break;
  }
  return replies;
}

function written(command) {
  const texts = command.map(part => Buffer.from(typeof part === "object" ? JSON.stringify(part) : String(part)));
  const parts = texts.flatMap(text => [Buffer.from(`$${text.length}\r\n`), text, Buffer.from("\r\n")]);
  return [Buffer.from(`*${texts.length}\r\n`), ...parts];
}

/** The reply that begins at `start` and where it ends, or nothing while it is not all there. */
function parse(bytes, start = 0) {
  const line = bytes.indexOf("\r\n", start);
  if (line < 0) return undefined;
  const text = bytes.toString("utf8", start + 1, line);
  let end = line + 2;
  switch (String.fromCharCode(bytes[start])) {
    case "+":
      return { value: text, end };
    case "-":
      return { value: new Error(text), end };
    case ":":
      return { value: Number(text), end };
    case "$": {
      if (text === "-1") return { value: null, end };
      const after = end + Number(text);
      return bytes.length < after + 2 ? undefined : { value: bytes.subarray(end, after), end: after + 2 };
    }
    default: {
      if (text === "-1") return { value: null, end };
      const value = [];
      for (let left = Number(text); left > 0; left--) {
        const item = parse(bytes, end);
        if (!item) return undefined;
        value.push(item.value);
        end = item.end;
      }
      return { value, end };
    }
  }
}

await listen(server);
