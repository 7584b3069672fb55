//! Lists the connector files of the repository, so that they are compiled in.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
    let mut list = String::from("&[\n");
    // Cargo looks for changes in everything below a folder.
    println!("cargo::rerun-if-changed={}", folder.display());
    for connector in entries(&folder)? {
        if !connector.join("connector.toml").is_file() {
            continue;
        }
        let name = connector.file_name().unwrap_or_default().to_string_lossy();
        writeln!(list, "    ({name:?}, &[")?;
        for file in files(&connector)? {
            let shown = file
                .strip_prefix(&folder)?
                .to_string_lossy()
                .replace('\\', "/");
            let file = file.canonicalize()?;
            writeln!(
                list,
                "        ({shown:?}, include_str!({:?})),",
                file.to_string_lossy()
            )?;
        }
        list.push_str("    ]),\n");
    }
    list.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("builtin.rs"), list)?;
    Ok(())
}

/// The TOML files and JSON Schemas of one connector, sorted.
fn files(connector: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in entries(connector)? {
        if entry.is_dir() {
            found.extend(entries(&entry)?);
        } else {
            found.push(entry);
        }
    }
    found.retain(|file| {
        let ending = file.extension();
        ending.is_some_and(|ending| ending == "toml" || ending == "json")
    });
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut entries = entries.collect::<Result<Vec<_>, std::io::Error>>()?;
    entries.sort();
    Ok(entries)
}
