//! `graphctl sessions check`

use std::io;
use std::path::Path;

use crate::cli::{Check, Document};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::look::Observer;
use crate::options::{Options, Talk};
use crate::render::{json, status};
use crate::{console, judge, unreadable, words};

pub(super) async fn run(args: Check, options: &Options) -> Result<Exit> {
    let mut keys = args.keys;
    if let Some(path) = &args.from {
        keys.extend(keys_in(&read(path)?));
    }
    if keys.iter().chain(&args.root).any(String::is_empty) {
        return Err(Error::Usage {
            message: "a component key is empty".into(),
            hint: "a variable of your script may not be set".into(),
        });
    }
    if let Some(key) = keys.iter().chain(&args.root).find(|key| key.ends_with('/')) {
        return Err(Error::Usage {
            message: format!("'{key}' is no component key"),
            hint: "a key does not end in '/'; --root KEY means KEY and all below it".into(),
        });
    }
    if keys.is_empty() && args.root.is_empty() {
        return Err(Error::Usage {
            message: "no component keys to check".into(),
            hint: "name keys, or give them with --from, one a line".into(),
        });
    }
    let look = Observer::open(options).await?.look().await?;
    let collisions = judge::collisions::with(&look.inventory, &keys, &args.root);
    console::print(|out| match args.output {
        Document::Table => write!(out, "{}", status::collisions(&look, &collisions)),
        Document::Json => json::check(out, &look, &collisions),
    })?;
    let Some(first) = collisions.first() else {
        console::say(options.talk, Talk::Normal, "free");
        return Ok(Exit::Success);
    };
    let held = words::count(collisions.len(), "collision", "collisions");
    let next = format!("{held}: graphctl sessions list --colliding-with '{}'", first.key);
    console::say(options.talk, Talk::Normal, &crate::render::printable(&next));
    Ok(Exit::Findings)
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
