//! Compares what came with what was expected; numbers of seconds may have gone on by some.

use crate::conversation::Wanted;
use crate::wire::Head;

/// How many seconds a slow machine may take between two requests of a row.
const SLACK: i64 = 8;

impl Wanted {
    /// Whether it is so; if not, what there is instead.
    pub(super) fn check(&self, head: &Head) -> Result<(), String> {
        match self {
            Self::Absent(name) => match head.all(name).as_slice() {
                [] => Ok(()),
                lines => Err(format!("`{name}`: {lines:?}, which must not be there")),
            },
            Self::Is(name, wanted) => {
                let lines = head.all(name);
                let is_it = |line: &&str| {
                    **line == *wanted
                        || wanted == "*"
                        || (name.eq_ignore_ascii_case("age") && is_a_little_more(wanted, line))
                        || (name.eq_ignore_ascii_case("cache-status") && is_member(wanted, line))
                };
                if lines.iter().any(is_it) {
                    return Ok(());
                }
                Err(format!("`{name}`: {lines:?}, not {wanted:?}"))
            }
        }
    }
}

/// Whether our member of `Cache-Status`, the last one, has these parts in this order.
pub(super) fn cache_status(wanted: &str, head: &Head) -> Result<(), String> {
    let lines = head.all("cache-status").join(", ");
    let member = lines.rsplit(", ").next().unwrap_or_default();
    let ours = member.strip_prefix("trunkline");
    let Some(ours) = ours.filter(|_| wanted != "none") else {
        return match ours {
            None if wanted == "none" => Ok(()),
            _ => Err(format!("`Cache-Status` is {lines:?}, not {wanted:?}")),
        };
    };
    let mut parts = ours.split("; ");
    for part in wanted.split("; ") {
        let is_there = match part.strip_prefix('!') {
            Some(unwanted) => ours
                .split("; ")
                .all(|part| part.split('=').next() != Some(unwanted)),
            None => parts.any(|found| is_part(part, found)),
        };
        if !is_there {
            return Err(format!("`Cache-Status` is {lines:?}, not {wanted:?}"));
        }
    }
    Ok(())
}

fn is_member(wanted: &str, found: &str) -> bool {
    let (wanted, found): (Vec<_>, Vec<_>) =
        (wanted.split("; ").collect(), found.split("; ").collect());
    wanted.len() == found.len()
        && wanted
            .iter()
            .zip(found)
            .all(|(wanted, found)| is_part(wanted, found))
}

/// Whether a part is the wanted one; a time that is left may be less by now.
fn is_part(wanted: &str, found: &str) -> bool {
    let time = |part: &str| part.strip_prefix("ttl=").map(str::to_owned);
    match (time(wanted), time(found)) {
        (Some(wanted), Some(found)) => is_a_little_more(&found, &wanted),
        _ => wanted == found,
    }
}

fn is_a_little_more(least: &str, found: &str) -> bool {
    match (least.parse::<i64>(), found.parse::<i64>()) {
        (Ok(least), Ok(found)) => least <= found && found - least <= SLACK,
        _ => false,
    }
}
