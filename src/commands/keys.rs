//! The component keys that `check` and `wait` are about.

use std::io;
use std::path::Path;

use crate::cli::Keys;
use crate::error::{Error, Result};
use crate::judge::Wanted;
use crate::unreadable;

/// Reads and validates the keys; `purpose` is what they are for.
pub(super) fn wanted(args: Keys, purpose: &str) -> Result<Wanted> {
    let Keys { mut keys, from, root: roots } = args;
    if let Some(path) = &from {
        keys.extend(keys_in(&read(path)?));
    }
    if let Some(key) = keys.iter().chain(&roots).find(|key| key.ends_with('/')) {
        return Err(Error::Usage {
            message: format!("'{key}' is no component key"),
            hint: "a key does not end in '/'; --root KEY means KEY and all below it".into(),
        });
    }
    if keys.is_empty() && roots.is_empty() {
        return Err(Error::Usage {
            message: format!("no component keys to {purpose}"),
            hint: "name keys, or give them with --from, one a line".into(),
        });
    }
    Ok(Wanted { keys, roots })
}

fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        return io::read_to_string(io::stdin()).map_err(unreadable("standard input"));
    }
    std::fs::read_to_string(path).map_err(unreadable(&path.display().to_string()))
}

/// One key a line; blank lines and lines that start with `#` are left out.
fn keys_in(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
}
