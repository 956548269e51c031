//! `graphctl sessions check`

use super::{keys, waiting};
use crate::cli::{Check, Document};
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::{Case, Wanted};
use crate::look::{Look, Observer};
use crate::model::Inventory;
use crate::options::{Options, Talk};
use crate::render::{json, printable, quoted, status};
use crate::{console, judge, words};

pub(super) async fn run(args: Check, options: &Options) -> Result<Exit> {
    let wanted = keys::wanted(args.keys, "check")?;
    let (inventory, cases) = if let Some(patience) = args.wait {
        waiting::for_free(options, patience, &wanted).await?
    } else {
        let (_, Look { inventory, cases, .. }) = super::look(options, Observer::look).await?;
        (inventory, cases)
    };
    tell(&inventory, &cases, &wanted, args.output, options)
}

/// Tells whether what is wanted is free, and who holds it if not.
pub(super) fn tell(
    inventory: &Inventory,
    cases: &[Case],
    wanted: &Wanted,
    output: Document,
    options: &Options,
) -> Result<Exit> {
    let collisions = judge::collisions::with(inventory, wanted);
    console::print(|out| match output {
        Document::Table => write!(out, "{}", status::collisions(inventory, cases, &collisions)),
        Document::Json => json::check(out, inventory, &collisions),
    })?;
    let Some(first) = collisions.first() else {
        console::say(options.talk, Talk::Normal, "free");
        return Ok(Exit::Success);
    };
    let held = words::count(collisions.len(), "collision", "collisions");
    let next = format!("{held}: graphctl sessions list --colliding-with {}", quoted(&first.key));
    console::say(options.talk, Talk::Normal, &printable(&next));
    Ok(Exit::Findings)
}
