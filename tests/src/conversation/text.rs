//! Reads the text of a conversation.

use crate::conversation::{Answered, Asked, Body, Conversation, Step, Wanted};
use crate::date;

impl Conversation {
    /// Reads all that a text holds, each beginning with `# ` and its rule.
    pub(super) fn read_all(text: &str) -> Vec<Self> {
        let text = format!("\n{}", text.trim_start());
        let mut parts = text.split("\n# ");
        assert_eq!(parts.next(), Some(""), "a rule comes first: {text}");
        let row = |(place, part): (usize, &str)| {
            let (rule, text) = part.split_once('\n').unwrap_or((part, ""));
            Self::read(rule, &format!("/r{place}"), text)
        };
        parts.enumerate().map(row).collect()
    }

    /// Reads it; `path` is where the row lives unless its text says otherwise.
    pub(super) fn read(rule: &str, path: &str, text: &str) -> Self {
        let mut row = Self {
            rule: rule.to_owned(),
            path: path.to_owned(),
            steps: Vec::new(),
        };
        let mut reader = Reader::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (mark, said) = line.split_once(' ').unwrap_or((line, ""));
            match mark {
                "@" => said.clone_into(&mut row.path),
                _ => reader.take(mark, said.trim(), line),
            }
        }
        reader.end_step();
        row.steps = reader.steps;
        assert!(!row.steps.is_empty(), "nobody says a word: {rule}");
        row
    }

    /// Puts dates, addresses and bodies into their places.
    pub(super) fn fill_in(&mut self, origin: &str) {
        let path = self.path.clone();
        let now = date::now();
        let filled = |text: &mut String| {
            let placed = text.replace("{origin}", origin).replace("{row}", &path);
            *text = with_dates(&placed, now);
        };
        let mut answers = 0;
        for step in &mut self.steps {
            for (_, value) in &mut step.headers {
                filled(value);
            }
            for asked in &mut step.asked {
                asked.fill(&filled, &mut answers);
            }
            for wanted in &mut step.expected.headers {
                wanted.fill(&filled);
            }
        }
    }
}

impl Asked {
    fn fill(&mut self, filled: &impl Fn(&mut String), answers: &mut usize) {
        for wanted in &mut self.seen {
            wanted.fill(filled);
        }
        let answered = &mut self.answered;
        for (_, value) in &mut answered.headers {
            filled(value);
        }
        if matches!(answered.status, None | Some(304)) {
            return;
        }
        *answers += 1;
        if answered.body.is_empty() && !matches!(answered.status, Some(204 | 205)) {
            answered.body = format!("answer {answers}");
        }
    }
}

impl Wanted {
    fn read(said: &str) -> Self {
        if let Some(name) = said.strip_prefix('!') {
            return Self::Absent(name.to_owned());
        }
        let (name, value) = header(said);
        Self::Is(name, value)
    }

    fn fill(&mut self, filled: &impl Fn(&mut String)) {
        if let Self::Is(_, value) = self {
            filled(value);
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    steps: Vec<Step>,
    step: Option<Step>,
    /// What the next request of the upstream must have.
    seen: Vec<Wanted>,
    interim: Vec<u16>,
}

impl Reader {
    fn take(&mut self, mark: &str, said: &str, line: &str) {
        if mark == ">" && !is_field(said) && !said.starts_with('|') {
            self.end_step();
            let (method, target) = said.split_once(' ').unwrap_or((said, ""));
            self.step = Some(Step {
                method: method.to_owned(),
                target: target.to_owned(),
                ..Step::default()
            });
            return;
        }
        let Some(step) = &mut self.step else {
            panic!("nobody has asked yet: {line}")
        };
        match (mark, said.strip_prefix('|').map(str::trim_start)) {
            (">", Some(body)) => body.clone_into(&mut step.body),
            (">", None) => step.headers.push(header(said)),
            ("^", _) => self.seen.push(Wanted::read(said)),
            ("<", body) if body.is_some() || is_field(said) => {
                let asked = step.asked.last_mut();
                let answered = &mut asked.expect("a status comes first").answered;
                match body {
                    Some(body) => body.clone_into(&mut answered.body),
                    None => answered.headers.push(header(said)),
                }
            }
            ("<", _) => {
                let status = (said != "cut").then(|| said.parse().expect("a status"));
                if let Some(interim) = status.filter(|status| *status < 200) {
                    return self.interim.push(interim);
                }
                step.asked.push(Asked {
                    seen: std::mem::take(&mut self.seen),
                    answered: Answered {
                        interim: std::mem::take(&mut self.interim),
                        status,
                        ..Answered::default()
                    },
                });
            }
            ("=", Some(body)) => step.expected.body = Some(Body::Is(body.to_owned())),
            ("=", None) => match said.strip_prefix("* ") {
                Some(text) => step.expected.body = Some(Body::Has(text.to_owned())),
                None if said.starts_with('!') || is_field(said) => {
                    step.expected.headers.push(Wanted::read(said));
                }
                None => step.expected.status = Some(said.parse().expect("a status")),
            },
            ("~", _) => step.expected.cache = Some(said.to_owned()),
            _ => panic!("nobody understands: {line}"),
        }
    }

    fn end_step(&mut self) {
        let is_left = !self.seen.is_empty() || !self.interim.is_empty();
        assert!(
            !is_left,
            "`^` and `< 1xx` stand before the answer they belong to"
        );
        self.steps.extend(self.step.take());
    }
}

/// Whether a text is a header: a name, a colon.
fn is_field(said: &str) -> bool {
    let name = said.split_once(':').map(|(name, _)| name);
    name.is_some_and(|name| {
        let mut bytes = name.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && !name.is_empty()
    })
}

fn header(said: &str) -> (String, String) {
    let (name, value) = said.split_once(':').expect("a header has a colon");
    (name.to_owned(), value.trim().to_owned())
}

fn with_dates(text: &str, now: u64) -> String {
    let Some((before, rest)) = text.split_once("{now") else {
        return text.to_owned();
    };
    let (secs, after) = rest.split_once('}').expect("a date ends");
    let secs = if secs.is_empty() { "0" } else { secs };
    let then = now.saturating_add_signed(secs.parse().expect("seconds"));
    format!("{before}{}{after}", date::written(then))
}
