//! Status and headers, as everybody knows them from HTTP.

use http::{HeaderMap, StatusCode};

use crate::failure::Failure;
use crate::printer::{Ink, Printer, visible};

/// `404 Not Found`.
pub(crate) fn status_line(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_str()),
        None => status.as_str().to_owned(),
    }
}

/// Prints a head, with headers of our own at its end, and the empty line after it.
pub(crate) fn print(
    status: StatusCode,
    headers: &HeaderMap,
    ours: &[(&str, String)],
    printer: &mut Printer,
) -> Result<(), Failure> {
    let look = printer.out_look();
    let status = format!("HTTP/1.1 {}", status_line(status));
    printer.line(look.paint(Ink::Heading, &status))?;
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        print_header(name.as_str(), &value, printer)?;
    }
    for (name, value) in ours {
        print_header(name, value, printer)?;
    }
    printer.line("")
}

/// Prints one header.
pub(crate) fn print_header(name: &str, value: &str, printer: &mut Printer) -> Result<(), Failure> {
    let name = format!("{name}:");
    let name = printer.out_look().paint(Ink::Faint, &name);
    printer.line(format_args!("{name} {}", visible(value)))
}
