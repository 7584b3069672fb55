// Supabase's Realtime, as far as its SDK asks: joining a channel, messages to all, changes of rows.
// https://supabase.com/docs/guides/realtime/protocol
import { WebSocketServer } from "ws";

/** What a server does with a request to change to WebSocket, which it notes. */
export const realtime = note => {
  const sockets = new WebSocketServer({ noServer: true });
  return (request, socket, head) => {
    note(request, Buffer.alloc(0));
    if (!request.url.startsWith("/realtime/v1/websocket")) {
      return socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    }
    return sockets.handleUpgrade(request, socket, head, opened => {
      opened.on("message", (data, isBinary) => (isBinary ? pass(opened, data) : answer(opened, JSON.parse(data))));
    });
  };
};

const say = (socket, ...message) => socket.send(JSON.stringify(message));

function answer(socket, [joined, number, topic, event, payload]) {
  const response = {};
  if (event === "phx_join") {
    // A key stands where the connection was made; what stands here has to be a user's token.
    const token = payload.access_token;
    if (token && !token.startsWith("sb_") && token.split(".").length !== 3) {
      return say(socket, joined, number, topic, "phx_reply", { status: "error", response: { reason: "MalformedJWT" } });
    }
    const changes = payload.config.postgres_changes ?? [];
    response.postgres_changes = changes.map((change, place) => ({ id: place + 1, ...change }));
  }
  say(socket, joined, number, topic, "phx_reply", { status: "ok", response });
}

// A message to all is binary: five lengths and the encoding, as many texts, then what is said. The
// one who said it hears it too, and then that a row was added.
function pass(socket, data) {
  const lengths = [...data.subarray(1, 6)];
  const encoding = data[6];
  let place = 7;
  const [joined, number, topic, event] = lengths.map(length => data.subarray(place, (place += length)));
  say(socket, String(joined), String(number), String(topic), "phx_reply", { status: "ok", response: {} });
  socket.send(Buffer.concat([Buffer.from([4, topic.length, event.length, 0, encoding]), topic, event, data.subarray(place)]));
  const columns = [{ name: "id", type: "int8" }];
  const added = { schema: "public", table: "users", type: "INSERT", columns, record: { id: "4" }, errors: null };
  say(socket, null, null, String(topic), "postgres_changes", { ids: [1], data: added });
}
