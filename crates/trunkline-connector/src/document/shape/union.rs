//! Values of which there are several sorts: the sort is found first, then only it is checked.

use serde_json::Value as Schema;

use super::Checker;
use super::rules::{Rules, constants_of, is_of_type, list_of, table_of, type_in_words, types_of};
use crate::document::node::{Entry, Node, Value};
use crate::document::place::Path;
use crate::words;

impl<'s> Checker<'s> {
    pub(super) fn check_union(&mut self, branches: &'s [Schema], node: &Node, path: &Path) {
        let is_null = |branch: &&Schema| branch.get("type").is_some_and(|name| name == "null");
        let branches: Vec<&Schema> = branches.iter().filter(|branch| !is_null(branch)).collect();
        if let [only] = branches.as_slice() {
            self.check(only, node, path);
            return;
        }
        let rules: Vec<&Rules> = branches
            .iter()
            .filter_map(|branch| self.resolve_branch(branch))
            .collect();
        match &node.value {
            Value::Text(text) if rules.iter().any(|rules| !constants_of(rules).is_empty()) => {
                self.check_constant(&rules, text, node, path);
            }
            Value::Table(entries) => match Sorts::of(&rules) {
                Sorts::Tagged(tag) => self.check_tagged(&tag, entries, node, path),
                Sorts::Keyed(keyed) => {
                    let texts: Vec<&str> = rules.iter().flat_map(|one| constants_of(one)).collect();
                    self.check_keyed((&keyed, &texts), entries, node, path);
                }
                Sorts::Plain => self.check_plain(&branches, node, path),
            },
            _ => self.check_plain(&branches, node, path),
        }
    }

    /// The rules of a branch. A reference with a description beside it is a list of one reference.
    fn resolve_branch(&self, branch: &'s Schema) -> Option<&'s Rules> {
        let rules = self.resolve(branch)?;
        match list_of(rules, "allOf") {
            [only] if types_of(rules).is_empty() => self.resolve(only),
            _ => Some(rules),
        }
    }

    /// One of several fixed texts.
    fn check_constant(&mut self, branches: &[&Rules], text: &str, node: &Node, path: &Path) {
        let constants: Vec<&str> = branches
            .iter()
            .flat_map(|rules| constants_of(rules))
            .collect();
        if constants.contains(&text) {
            return;
        }
        let mut hint = words::allowed(text, constants);
        if let Some(tables) = tables_in_words(branches) {
            hint = format!("{hint}, or {tables}");
        }
        self.complain(node, format!("`{path}` is `{text}`"), Some(&hint));
    }

    /// Tables whose sort is named by one of their values, such as `kind = "bearer"`.
    fn check_tagged(&mut self, tag: &Tag<'s>, entries: &[Entry], node: &Node, path: &Path) {
        let names = || tag.branches.iter().map(|(name, _)| *name);
        let Some(entry) = entries.iter().find(|entry| entry.key == tag.key) else {
            let message = format!("`{}` is missing", path.key(tag.key));
            let hint = format!("allowed: {}", words::any_of(names()));
            self.complain(node, message, Some(&hint));
            return;
        };
        let path_of_tag = path.key(tag.key);
        let Value::Text(given) = &entry.node.value else {
            let takes = words::any_of(names());
            self.complain_about_type(&entry.node, &path_of_tag, (&takes, None));
            return;
        };
        if let Some((_, rules)) = tag.branches.iter().find(|(name, _)| name == given) {
            self.check_table(rules, entries, node, path);
            return;
        }
        let hint = words::allowed(given, names());
        self.complain(
            &entry.node,
            format!("`{path_of_tag}` is `{given}`"),
            Some(&hint),
        );
    }

    /// Tables with exactly one value, whose key names their sort: `{ header = "retry-after" }`.
    fn check_keyed(
        &mut self,
        (keyed, texts): (&[(&'s str, &'s Rules)], &[&str]),
        entries: &[Entry],
        node: &Node,
        path: &Path,
    ) {
        let names = || keyed.iter().map(|(name, _)| *name);
        let known = |entry: &&Entry| names().any(|name| name == entry.key);
        let mut meant = entries.iter().filter(known);
        match (meant.next(), meant.next()) {
            (Some(_), Some(second)) => {
                let hint = format!("allowed: one of {}", words::any_of(names()));
                let message = format!("`{path}` has more than one value");
                self.complain(&second.node, message, Some(&hint));
            }
            (Some(entry), None) => {
                for (_, rules) in keyed.iter().filter(|(name, _)| *name == entry.key) {
                    self.check_table(rules, entries, node, path);
                }
            }
            (None, _) => match entries.first() {
                None => {
                    let hint = format!("allowed: one of {}", words::any_of(names()));
                    self.complain(node, format!("`{path}` is empty"), Some(&hint));
                }
                Some(entry) => {
                    let mut hint = words::allowed(&entry.key, names());
                    if !texts.is_empty() {
                        let texts = words::any_of(texts.iter().copied());
                        hint = format!("{hint}, or just the text {texts}");
                    }
                    let message = format!("`{}` is not known", path.key(&entry.key));
                    self.complain(&entry.node, message, Some(&hint));
                }
            },
        }
    }

    /// Anything else: the branch of the value's type that complains least.
    fn check_plain(&mut self, branches: &[&'s Schema], node: &Node, path: &Path) {
        let takes = |branch: &&'s Schema| {
            let types = self
                .resolve_branch(branch)
                .map(types_of)
                .unwrap_or_default();
            types.is_empty() || types.iter().any(|name| is_of_type(&node.value, name))
        };
        let candidates: Vec<&Schema> = branches.iter().copied().filter(takes).collect();
        if candidates.is_empty() {
            let rules: Vec<&Rules> = branches
                .iter()
                .filter_map(|branch| self.resolve_branch(branch))
                .collect();
            self.complain_about_type(node, path, (&branches_in_words(&rules), None));
            return;
        }
        let tried = candidates.into_iter().map(|branch| {
            let mut attempt = Checker {
                shape: self.shape,
                complaints: Vec::new(),
            };
            attempt.check(branch, node, path);
            attempt.complaints
        });
        self.complaints
            .extend(tried.min_by_key(Vec::len).unwrap_or_default());
    }
}

/// How the sorts of a union's tables are told apart.
enum Sorts<'s> {
    Tagged(Tag<'s>),
    Keyed(Vec<(&'s str, &'s Rules)>),
    Plain,
}

/// The key whose value names the sort, and the sorts by that name.
struct Tag<'s> {
    key: &'s str,
    branches: Vec<(&'s str, &'s Rules)>,
}

impl<'s> Sorts<'s> {
    fn of(branches: &[&'s Rules]) -> Self {
        let tables: Vec<&Rules> = branches
            .iter()
            .copied()
            .filter(|rules| types_of(rules) == ["object"])
            .collect();
        let keys = tables
            .first()
            .and_then(|rules| table_of(rules, "properties"));
        let tag = keys
            .into_iter()
            .flat_map(|keys| keys.keys())
            .find_map(|key| {
                let named = |rules: &&'s Rules| Some((name_by(rules, key)?, *rules));
                let branches = tables.iter().map(named).collect::<Option<Vec<_>>>()?;
                Some(Tag { key, branches })
            });
        if let Some(tag) = tag {
            return Self::Tagged(tag);
        }
        let keyed = tables.iter().map(|rules| Some((only_key(rules)?, *rules)));
        match keyed.collect::<Option<Vec<_>>>() {
            Some(keyed) if !keyed.is_empty() => Self::Keyed(keyed),
            _ => Self::Plain,
        }
    }
}

/// The fixed text that a branch has for a key.
fn name_by<'s>(rules: &'s Rules, key: &str) -> Option<&'s str> {
    table_of(rules, "properties")?
        .get(key)?
        .get("const")?
        .as_str()
}

/// The one key that a branch has and requires.
fn only_key(rules: &Rules) -> Option<&str> {
    let properties = table_of(rules, "properties")?;
    let (key, _) = properties.iter().next().filter(|_| properties.len() == 1)?;
    list_of(rules, "required")
        .iter()
        .any(|name| name == key)
        .then_some(key)
}

fn tables_in_words(branches: &[&Rules]) -> Option<String> {
    match Sorts::of(branches) {
        Sorts::Tagged(tag) => Some(format!("a table with `{}`", tag.key)),
        Sorts::Keyed(keyed) => match keyed.as_slice() {
            [(key, _)] => Some(format!("a table with `{key}`")),
            keyed => {
                let keys = keyed.iter().map(|(key, _)| *key);
                Some(format!("a table with one of {}", words::any_of(keys)))
            }
        },
        Sorts::Plain => None,
    }
}

fn branches_in_words(branches: &[&Rules]) -> String {
    let constants: Vec<&str> = branches
        .iter()
        .flat_map(|rules| constants_of(rules))
        .collect();
    let tables = tables_in_words(branches);
    let mut takes: Vec<String> = Vec::new();
    for rules in branches
        .iter()
        .filter(|rules| constants_of(rules).is_empty())
    {
        let types = types_of(rules).into_iter();
        let others = types.filter(|name| tables.is_none() || *name != "object");
        takes.extend(others.map(|name| type_in_words(name).to_owned()));
    }
    takes.dedup();
    if !constants.is_empty() {
        takes.insert(0, words::any_of(constants));
    }
    takes.extend(tables);
    takes.join(" or ")
}
