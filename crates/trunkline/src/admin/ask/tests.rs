//! Which gateways can be asked.

use trunkline_connector::document::Source;

use super::*;
use crate::config::Layers;
use crate::secret::Environment;

/// What is said of asking a gateway that listens there.
async fn ask(listen: &str) -> Error {
    let nothing = Environment::default();
    let file = Source {
        name: "trunkline.toml".to_owned(),
        text: format!("[server]\nlisten = {listen:?}\n"),
    };
    let layers = Layers {
        file: Some(file),
        environment: &nothing,
        arguments: Vec::new(),
    };
    let (config, _) = Config::load(layers).expect("the settings are right");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let token = AdminToken::open(folder.path(), |_| {}).expect("it can be made");
    let question = Question {
        method: Method::GET,
        route: PathAndQuery::from_static("/-/api/v1/upstreams"),
        body: None,
    };
    let asked = ask_gateway(&config, &token, question, &Clock::system()).await;
    asked.expect_err("nobody is there")
}

#[tokio::test]
async fn only_an_address_with_a_port_can_be_asked() {
    for listen in ["unix:/tmp/trunkline-test.sock", "127.0.0.1:0"] {
        let error = ask(listen).await;
        assert_eq!(error.kind(), ErrorKind::BadSettings, "{listen}");
    }
}

#[tokio::test]
async fn where_nobody_listens_it_is_said_how_to_start() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = free.local_addr().expect("it has an address");
    drop(free);
    let error = ask(&address.to_string()).await;
    assert_eq!(error.kind(), ErrorKind::ConnectFailed);
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("trunkline serve")),
        "{error:?}"
    );
}
