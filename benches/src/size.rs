//! How large the program is that users get.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::binary::Binary;
use crate::figure::{Bound, Figure, Unit, megabytes};

/// The largest binary that may ship, in megabytes.
const MEGABYTES_MAX: f64 = 25.0;

/// Measures a copy without symbols: what ships has none.
pub(crate) fn measure(binary: &Binary) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir().context("no folder can be made for a copy")?;
    let stripped = folder.path().join("trunkline");
    let status = Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(&binary.path)
        .status();
    ensure!(
        status.context("`strip` cannot be started")?.success(),
        "the binary cannot be stripped"
    );
    let bytes = fs::metadata(&stripped)?.len();
    Ok(vec![Figure {
        what: "stripped binary".to_owned(),
        value: megabytes(bytes),
        unit: Unit::Megabytes,
        bound: Bound::Gate(MEGABYTES_MAX),
    }])
}
