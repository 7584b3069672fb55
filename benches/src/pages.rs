//! How fast a long list is read to its end, and whether memory stays as it was meanwhile.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::{fs, thread};

use anyhow::{Context as _, Result, ensure};

use crate::binary::Binary;
use crate::clock::Began;
use crate::effort::Effort;
use crate::figure::{Bound, Figure, Unit, megabytes};
use crate::gateway::KEY;
use crate::usage;

/// The fewest records a second that are allowed.
const RECORDS_A_SECOND_MIN: u32 = 50_000;
/// The most memory, in megabytes.
const MEMORY_MAX: f64 = 60.0;
/// How much memory may have grown since a tenth of the list was read.
const GROWTH_MAX: f64 = 1.25;

/// Records on a page: the most that Stripe gives.
const PAGE: u32 = 100;

/// Reads a list of Stripe's customers with `call --all`, as a user would.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let records = effort.records;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let folder = tempfile::tempdir().context("no folder can be made for the list")?;
    let settings = format!(
        "[egress]\nallow = [\"127.0.0.1/32\"]\n\n[connectors.stripe]\nbase_url = \"http://{}\"\n",
        listener.local_addr()?
    );
    fs::write(folder.path().join("trunkline.toml"), settings)?;
    // The thread ends with the only connection that it takes.
    let upstream = thread::spawn(move || serve(listener.accept()?.0, records));
    let began = Began::now();
    let mut child = Command::new(&binary.path)
        .args(["call", "stripe", "customers.list", "limit=100", "--all"])
        .current_dir(&folder)
        .env_clear()
        .env("STRIPE_SECRET_KEY", KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the program cannot be started")?;
    let output = child.stdout.take().context("the program has no output")?;
    let (early, late) = (records / 10, records - PAGE);
    let mut seen = Seen::default();
    let mut memory = (0, 0);
    let mut output = BufReader::with_capacity(64 * 1024, output);
    while seen.take(&mut output)? {
        if memory.0 == 0 && early <= seen.lines {
            memory.0 = usage::memory_most(child.id())?;
        }
        if memory.1 == 0 && late <= seen.lines {
            memory.1 = usage::memory_most(child.id())?;
        }
    }
    let status = child.wait().context("a child cannot be waited for")?;
    let took = began.elapsed();
    ensure!(status.success(), "the list broke off: {status}");
    ensure!(seen.lines == records, "{} records came", seen.lines);
    upstream.join().ok().context("the upstream panicked")??;
    let most = f64::from(records) / f64::from(RECORDS_A_SECOND_MIN);
    Ok(vec![
        Figure {
            what: format!("a list of {records} records, {PAGE} a page"),
            value: took.as_secs_f64() * 1e3,
            unit: Unit::Milliseconds,
            bound: Bound::Gate(most * 1e3),
        },
        Figure {
            what: "memory while it is read, at most".to_owned(),
            value: megabytes(memory.1),
            unit: Unit::Megabytes,
            bound: Bound::Gate(MEMORY_MAX),
        },
        Figure {
            what: "memory at its end, at a tenth of it = 1".to_owned(),
            value: megabytes(memory.1) / megabytes(memory.0),
            unit: Unit::Times,
            bound: Bound::Gate(GROWTH_MAX),
        },
    ])
}

/// The lines that came.
#[derive(Debug, Default)]
struct Seen {
    lines: u32,
}

impl Seen {
    /// Counts what is there. Says whether there may be more.
    #[expect(clippy::naive_bytecount, reason = "it is not what takes the time")]
    fn take(&mut self, output: &mut impl BufRead) -> Result<bool> {
        let bytes = output.fill_buf().context("the output broke off")?;
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        let count = bytes.len();
        output.consume(count);
        self.lines += u32::try_from(lines)?;
        Ok(0 < count)
    }
}

/// Answers with one page after the other.
fn serve(mut stream: TcpStream, records: u32) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    let mut answer = Vec::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let after = line.split_once("starting_after=cus_");
        let after = after.and_then(|(_, rest)| rest.get(..8)?.parse().ok());
        while line.trim() != "" {
            line.clear();
            input.by_ref().read_line(&mut line)?;
        }
        page(&mut answer, after.unwrap_or(0), records)?;
        stream.write_all(&answer)?;
    }
}

/// The page behind the record of that number.
fn page(answer: &mut Vec<u8>, after: u32, records: u32) -> Result<()> {
    let last = records.min(after + PAGE);
    let mut body = Vec::with_capacity(64 * 1024);
    write!(
        body,
        r#"{{"object":"list","url":"/v1/customers","has_more":{},"data":["#,
        last < records
    )?;
    for number in after + 1..=last {
        let comma = if number == after + 1 { "" } else { "," };
        write!(
            body,
            r#"{comma}{{"id":"cus_{number:08}","object":"customer","address":null,"balance":0,"created":1789999999,"currency":"usd","email":"jenny.rosen@example.com","livemode":false,"metadata":{{}},"name":"Jenny Rosen"}}"#
        )?;
    }
    body.extend_from_slice(b"]}");
    answer.clear();
    let length = body.len();
    write!(
        answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )?;
    answer.extend_from_slice(&body);
    Ok(())
}
