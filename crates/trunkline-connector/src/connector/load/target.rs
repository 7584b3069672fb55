//! Where an operation is called: a path whose parts are known, or an address that is an input.

use super::check::Check;
use super::operations::Found;
use super::secrets;
use crate::connector::OperationTarget;
use crate::format::{
    AddressSection, BodyKind, ConnectorFile, InputKind, InputPlace, MethodName, Need, Upgrade,
};
use crate::template::Template;

/// One of `path` and `address`.
pub(super) fn check(
    check: &mut Check<'_>,
    found: &Found<'_>,
    connector: Option<&ConnectorFile>,
) -> Option<OperationTarget> {
    let section = found.section;
    match (&section.path, &section.address) {
        (Some(_), None) => {
            let template = found.template.clone()?;
            parts(check, found, &template, connector);
            Some(OperationTarget::Path(template))
        }
        (None, Some(address)) => Some(self::address(check, found, address)),
        (Some(_), Some(_)) => {
            let message = "the operation has a `path` already";
            check.refuse_with(&found.path.key("address"), message, "keep one of the two");
            None
        }
        (None, None) => {
            let message = format!("`{}` is missing", found.path.key("path"));
            let hint = "the path after the base address, or `address` where an input is the whole \
                        address";
            check.refuse_with(&found.path, message, hint);
            None
        }
    }
}

/// Every part of the path is a path input or a secret, and every path input a part of the path.
fn parts(
    check: &mut Check<'_>,
    found: &Found<'_>,
    template: &Template,
    connector: Option<&ConnectorFile>,
) {
    let section = found.section;
    let is_path_input = |name: &str| {
        section
            .inputs
            .get(name)
            .is_some_and(|input| input.place == Some(InputPlace::Path))
    };
    for name in template.names() {
        let Some(file) = connector else {
            continue;
        };
        let path = found.path.key("path");
        if name.contains('.') {
            secrets::known(check, &path, name, file);
            continue;
        }
        match (is_path_input(name), file.secrets.contains_key(name)) {
            (true, true) => {
                check.refuse(&path, format!("`{name}` is a secret and an input as well"));
            }
            (false, false) => {
                let hint = format!(
                    "declare it: `{name} = {{ in = \"path\", type = \"string\", need = \"required\" }}`"
                );
                let message = format!("`{{{name}}}` is neither a path input nor a secret");
                check.refuse_with(&path, message, hint);
            }
            (true, false) | (false, true) => {}
        }
    }
    for name in section.inputs.keys().filter(|name| is_path_input(name)) {
        if !template.names().any(|part| part == name) {
            let path = found.path.key("inputs").key(name);
            let hint = format!("write `{{{name}}}` into `path`, or another `in`");
            check.refuse_with(&path, format!("the path has no part `{name}`"), hint);
        }
    }
}

fn address(check: &mut Check<'_>, found: &Found<'_>, address: &AddressSection) -> OperationTarget {
    let path = found.path.key("address");
    check.distinct(&path.key("hosts"), &address.hosts, "host");
    let name = &address.input;
    match found.section.inputs.get(name) {
        None => {
            let hint =
                format!("declare it: `{name} = {{ type = \"string\", need = \"required\" }}`");
            let message = format!("`{name}` is no input of this operation");
            check.refuse_with(&path.key("input"), message, hint);
        }
        Some(input) => {
            let at = found.path.key("inputs").key(name);
            if input.kind != InputKind::String || input.need != Need::Required {
                let message =
                    format!("`{name}` is the address, which is a text that must be there");
                let hint = "write `type = \"string\"` and `need = \"required\"`";
                check.refuse_with(&at, message, hint);
            }
            if !matches!(input.place, None | Some(InputPlace::Address)) {
                let message = format!("`{name}` is the address and goes nowhere else");
                check.refuse_with(&at.key("in"), message, "leave `in` out");
            }
        }
    }
    OperationTarget::Address {
        input: name.clone(),
        hosts: address.hosts.clone(),
    }
}

/// A connection can change to WebSocket only as RFC 6455 section 4.1 says.
pub(super) fn upgrade(check: &mut Check<'_>, found: &Found<'_>) {
    let section = found.section;
    let Some(Upgrade::Websocket) = section.upgrade else {
        return;
    };
    let path = found.path.key("upgrade");
    if section.method != MethodName::Get || section.body != BodyKind::None {
        let message = "a connection changes to WebSocket by a GET without a body";
        check.refuse(&path, message);
    }
    if section.address.is_some() || section.pagination.is_some() || section.poll.is_some() {
        let message = "a WebSocket has a `path`, and neither pages nor jobs";
        check.refuse(&path, message);
    }
}
