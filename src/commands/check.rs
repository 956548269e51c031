//! `graphctl sessions check`

use super::{keys, waiting};
use crate::cli::{Check, Document};
use crate::error::Result;
use crate::exit::Exit;
use crate::github::Github;
use crate::judge::Collision;
use crate::look::{Look, Observer};
use crate::options::{Options, Talk};
use crate::render::{github as note, json, printable, quoted, status};
use crate::{console, judge, words};

pub(super) async fn run(args: Check, options: &Options) -> Result<Exit> {
    let wanted = keys::wanted(args.keys, "check").await?;
    let github = Github::open(&args.github)?;
    let (inventory, cases) = if let Some(patience) = args.wait {
        waiting::for_free(options, patience, &wanted).await?
    } else {
        let (_, Look { inventory, cases, .. }) =
            super::look(options, Observer::look_for_verdicts).await?;
        (inventory, cases)
    };
    let collisions = judge::collisions::with(&inventory, &wanted);
    console::print(|out| match args.output {
        Document::Table => write!(out, "{}", status::collisions(&inventory, &cases, &collisions)),
        Document::Json => json::check(out, &inventory.server, &collisions),
    })?;
    let exit = conclude(&collisions, options);
    let told = github.tell(|| note::check(&inventory, &cases, &collisions));
    super::found(exit, told)
}

/// Tells whether what is wanted is free.
pub(super) fn conclude(collisions: &[Collision], options: &Options) -> Exit {
    let Some(first) = collisions.first() else {
        console::say(options.talk, Talk::Normal, "free");
        return Exit::Success;
    };
    let held = words::count(collisions.len(), "collision", "collisions");
    let next = format!("{held}: graphctl sessions list --colliding-with {}", quoted(&first.key));
    console::say(options.talk, Talk::Normal, &printable(&next));
    Exit::Findings
}
