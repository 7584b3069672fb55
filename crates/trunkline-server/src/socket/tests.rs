//! That a caller's end shows behind bytes that nobody has read.

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::Socket;

/// Whether the end shows before and after the other side is dropped, with `unread` bytes.
async fn check(mut caller: impl AsyncWrite + Unpin, socket: Socket, unread: usize) {
    caller.write_all(&vec![b'x'; unread]).await.unwrap();
    assert!(!socket.is_left(), "it is still there");
    drop(caller);
    while !socket.is_left() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a caller of our own")]
async fn an_end_shows_behind_what_is_unread() {
    for unread in [0, 20_000] {
        let (caller, socket) = UnixStream::pair().unwrap();
        check(caller, Socket::Unix(socket), unread).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let caller = TcpStream::connect(listener.local_addr().unwrap());
        let caller = caller.await.unwrap();
        check(
            caller,
            Socket::Tcp(listener.accept().await.unwrap().0),
            unread,
        )
        .await;
    }
}
