// How a server of ours says where it is to whoever started it.

/** Listens on a port that the system chooses. */
export const listen = server =>
  new Promise(listening => {
    server.listen(0, "127.0.0.1", () => {
      console.log(`listening on http://127.0.0.1:${server.address().port}`);
      listening();
    });
  });
