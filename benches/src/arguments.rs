//! Reads what is asked for on the command line.

use anyhow::{Context, Result, bail};

use crate::effort::Effort;
use crate::{Bench, machine};

pub(crate) const HELP: &str = "\
cargo xtask bench [WHAT…] [OPTION…]

  all                everything below; what is measured when nothing is named
  size               bytes of the stripped binary
  start              time from start to `listening on`
  instructions       instructions of a call, in user space, counted by callgrind
  instructions-full  the same with limits, cache, deadline and the log of calls
  instructions-hits  the same of an answer from the cache
  streams            memory: idle, with busy connections, with open streams
  pages              a list of a million records: time, and memory meanwhile
  proxy              requests per second and processor time per request, beside nginx
  full               the same with limits, cache, deadline and the log of calls
  hits               the same of answers from the cache
  sse                processor time per chunk of a stream, and delay, beside nginx
  tls                processor time per request with TLS to the upstream, beside nginx

Only where it is named:
  soak               load while Redis dies, upstreams fail and settings change

  --rounds N         rounds beside nginx: 12 unless told
  --seconds S        length of the load in each of them: 3 unless told
  --minutes M        length of the soak: 3 unless told
  --rate R           its calls in a second: 300 unless told
  --seed S           what its chance begins with, to see the same again
  --smallest         as little of everything as shows that it can be measured

A figure beyond what is allowed is a failure, if the binary is built as it ships.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What can be asked for.
    Help,
    /// Measure.
    Run(Wish),
}

/// What to measure, and how.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// What to measure, in order.
    pub(crate) benches: Vec<Bench>,
    /// How much of it.
    pub(crate) effort: Effort,
    /// A program that is not installed is a failure, not a reason to leave something out.
    pub(crate) is_strict: bool,
    /// The arguments, as they were given.
    pub(crate) shown: String,
}

/// Understands the arguments.
pub(crate) fn parse(arguments: &[String]) -> Result<Asked> {
    let is_smallest = arguments.iter().any(|argument| argument == "--smallest");
    let mut effort = if is_smallest {
        Effort::smallest()
    } else {
        Effort::full()
    };
    let mut named = Vec::new();
    let mut wants_all = false;
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        match argument {
            "--help" | "-h" | "help" => return Ok(Asked::Help),
            "--smallest" => {}
            "--rounds" => effort.rounds = number(argument, rest.next())?,
            "--seconds" => effort.seconds = number(argument, rest.next())?,
            "--minutes" => effort.soak.minutes = number(argument, rest.next())?,
            "--rate" => effort.soak.rate = number(argument, rest.next())?,
            "--seed" => effort.soak.seed = Some(number(argument, rest.next())?),
            "all" => wants_all = true,
            name => named.push(bench(name)?),
        }
    }
    let is_strict = !named.is_empty() || machine::is_ci();
    let wants_all = wants_all || named.is_empty();
    let mut benches = named;
    if wants_all {
        benches.retain(|bench| !Bench::ALL.contains(bench));
        benches.splice(..0, Bench::ALL);
    }
    Ok(Asked::Run(Wish {
        benches,
        effort,
        is_strict,
        shown: arguments.join(" "),
    }))
}

fn bench(name: &str) -> Result<Bench> {
    let found = Bench::ALL.into_iter().chain([Bench::Soak]);
    let found = found.into_iter().find(|bench| bench.name() == name);
    found.with_context(|| {
        let names = Bench::ALL.map(Bench::name).join(", ");
        let soak = Bench::Soak.name();
        format!(
            "there is no bench and no option `{name}`; there are {names}, {soak}, all, and --help"
        )
    })
}

fn number(option: &str, value: Option<&str>) -> Result<u32> {
    let Some(value) = value else {
        bail!("`{option}` takes a number")
    };
    match value.parse() {
        Ok(number) if 0 < number => Ok(number),
        _ => bail!("`{option}` takes a whole number from 1, not `{value}`"),
    }
}

#[cfg(test)]
mod tests;
