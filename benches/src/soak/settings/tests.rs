//! Each edition says something else, and takes a connector in or out.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Settings, THIRD};

fn edition(edition: u32) -> Settings {
    let upstream = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Settings {
        upstreams: [upstream(1), upstream(2)],
        redis: "redis://127.0.0.1:3/0".to_owned(),
        edition,
    }
}

#[test]
fn no_edition_is_like_the_one_before() {
    for number in 0..6 {
        assert_ne!(edition(number).text(), edition(number + 1).text());
    }
}

#[test]
fn a_connector_comes_and_goes_with_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connectors").join(THIRD);
    for number in 0..3 {
        let settings = edition(number);
        settings.write(folder.path()).unwrap();
        assert_eq!(file.exists(), settings.has_third());
        assert_eq!(settings.text().contains(THIRD), settings.has_third());
    }
}
