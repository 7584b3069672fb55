//! The gateway of the program under test, running.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::caller::{Answer, Request};
use crate::product::program::{Finished, Program, memory_most};

/// A running gateway. It is ended when it goes out of scope.
#[derive(Debug)]
pub struct Gateway {
    program: Program,
    addresses: Vec<SocketAddr>,
    /// Kept until the program has ended, which is why it stands last.
    _folder: Arc<TempDir>,
}

impl Gateway {
    #[track_caller]
    pub(crate) fn start(command: Command, listeners: usize, folder: Arc<TempDir>) -> Self {
        let program = Program::start(command);
        let addresses = program.wait_for(|printed| {
            let addresses = addresses(printed);
            (addresses.len() == listeners).then_some(addresses)
        });
        Self {
            program,
            addresses,
            _folder: folder,
        }
    }

    /// Where callers reach it.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where its only dedicated listener is.
    #[track_caller]
    pub fn dedicated(&self) -> SocketAddr {
        assert_eq!(self.addresses.len(), 2, "{}", self.program.stdout());
        self.addresses[1]
    }

    /// Sends a request and reads the whole answer.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        request.send(self.address())
    }

    /// Sends a GET and reads the whole answer.
    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.send(&Request::get(target))
    }

    /// The process.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Asks it to stop and waits until it has.
    #[track_caller]
    pub fn stop(self) -> Finished {
        self.program.signal("TERM");
        self.program.finish()
    }

    /// Waits until it has ended, after somebody has asked it to.
    #[track_caller]
    pub fn stop_has_begun(self) -> Finished {
        self.program.finish()
    }

    /// The most memory it has had in use so far, in bytes.
    #[track_caller]
    pub fn memory_most(&self) -> usize {
        memory_most(self.program.id())
    }
}

/// The addresses of every whole line that announces one.
fn addresses(printed: &str) -> Vec<SocketAddr> {
    let whole = printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let announced = whole
        .lines()
        .filter_map(|line| line.split_once("listening on http://"));
    let addresses = announced.filter_map(|(_, address)| address.split([' ', '/']).next());
    addresses
        .filter_map(|address| address.parse().ok())
        .collect()
}
