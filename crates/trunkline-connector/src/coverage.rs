//! What a connector's examples do not show.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use crate::connector::{Connector, Example};
use crate::format::{Class, Counts};
use crate::outcome::{self, Answer};
use crate::wait::{self, WaitFrom};

/// Something that no example shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// An operation without an example that works.
    NoSuccess {
        /// The operation.
        operation: String,
    },
    /// An operation without an example that goes wrong.
    NoFailure {
        /// The operation.
        operation: String,
    },
    /// An outcome rule that decides for no example.
    Rule {
        /// Its place in `[[outcomes]]`, from 0.
        place: usize,
        /// Its message.
        message: String,
    },
    /// A wait hint that no example's answer has.
    Wait {
        /// Its place in `[[waits]]`, from 0.
        place: usize,
        /// Where it looks.
        from: WaitFrom,
    },
    /// What is told of a limit, and no example's answer tells.
    Told {
        /// Its place in `[[limits.told]]`, from 0.
        place: usize,
        /// What is counted.
        counts: Counts,
    },
}

/// Everything that a connector's examples do not show: an operation's success or failure, an
/// outcome rule, a wait hint, what answers tell of limits. A connector may be correct all the same.
pub fn coverage(connector: &Connector) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (place, operation) in connector.operations.iter().enumerate() {
        let of_operation = |example: &&Example| example.operation == place;
        let examples = || connector.examples().iter().filter(of_operation);
        let operation = || operation.name.clone();
        if !examples().any(|example| example.class == Class::Ok) {
            gaps.push(Gap::NoSuccess {
                operation: operation(),
            });
        }
        if !examples().any(|example| example.class != Class::Ok) {
            gaps.push(Gap::NoFailure {
                operation: operation(),
            });
        }
    }
    let Reached { rules, waits, told } = reached(connector);
    for (place, rule) in connector.outcomes.iter().enumerate() {
        if !rules.contains(&place) {
            gaps.push(Gap::Rule {
                place,
                message: rule.message.clone(),
            });
        }
    }
    for (place, hint) in connector.waits.iter().enumerate() {
        if !waits.contains(&place) {
            gaps.push(Gap::Wait {
                place,
                from: hint.from.clone(),
            });
        }
    }
    for (place, rule) in connector.limits.told.iter().enumerate() {
        if !told.contains(&place) {
            gaps.push(Gap::Told {
                place,
                counts: rule.counts,
            });
        }
    }
    gaps
}

/// Places of what some example's answer meets.
#[derive(Default)]
struct Reached {
    rules: BTreeSet<usize>,
    waits: BTreeSet<usize>,
    told: BTreeSet<usize>,
}

fn reached(connector: &Connector) -> Reached {
    // Times in examples count from whatever time it is.
    let made = SystemTime::UNIX_EPOCH;
    let mut reached = Reached::default();
    for example in connector.examples() {
        let headers = example.answer.headers_at(made);
        let json = example.answer.json();
        let answer = Answer {
            status: example.answer.status,
            headers: &headers,
            body: json.as_ref(),
        };
        let verdict = outcome::classify(&connector.outcomes, &answer);
        reached.rules.extend(verdict.rule);
        let now = wait::answered_at(&headers, made);
        let told = connector.limits.told.iter().enumerate();
        let told = told.filter(|(_, rule)| rule.read(&answer, now).is_some());
        reached.told.extend(told.map(|(place, _)| place));
        if verdict.class.is_passing() {
            let hits = connector.waits.iter().enumerate();
            let hits = hits.filter(|(_, hint)| hint.is_hit(&answer, now));
            reached.waits.extend(hits.map(|(place, _)| place));
        }
    }
    reached
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuccess { operation } => {
                write!(f, "no example shows that `{operation}` works")
            }
            Self::NoFailure { operation } => {
                write!(f, "no example shows how `{operation}` goes wrong")
            }
            Self::Rule { place, message } => {
                write!(f, "no example reaches `outcomes[{place}]`: {message}")
            }
            Self::Wait { place, from } => {
                write!(f, "no example has the wait of `waits[{place}]`, {from}")
            }
            Self::Told { place, counts } => {
                let counts = counts.as_str();
                write!(
                    f,
                    "no example tells what `limits.told[{place}]` counts as `{counts}`"
                )
            }
        }
    }
}
