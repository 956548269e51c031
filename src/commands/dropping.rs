//! What `drop` and `reap` share: ask, drop, tell.

use crate::cli::{Dropping, Format};
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::look::{Look, Observer};
use crate::options::{Options, Talk};
use crate::reap::{self, Condemned, Extent, Outcome, Report, Target};
use crate::render::{json, names, report, table};
use crate::words;

/// Drops what is condemned, as asked for; what is `settled` without that is told along with it.
pub(super) async fn run(
    mut observer: Observer,
    look: Look,
    condemned: Vec<Condemned>,
    settled: Vec<Target>,
    args: &Dropping,
    options: &Options,
    command: &'static str,
) -> Result<Exit> {
    let ask = options.terminal.interactive && !args.yes && !args.dry_run;
    if ask && !condemned.is_empty() && !confirmed(&look, &condemned, args.kill, options).await {
        console::say(options.talk, Talk::Normal, "nothing was dropped");
        return Ok(Exit::Success);
    }
    let mut done = if condemned.is_empty() {
        Report::new(look.inventory.server, args.dry_run)
    } else {
        let extent = Extent { dry_run: args.dry_run, kill: args.kill };
        reap::run(&mut observer, look, &condemned, extent, command).await?
    };
    done.targets.extend(settled);
    console::print(&match args.output {
        Format::Table => report::table(&done, options.terminal, false),
        Format::Wide => report::table(&done, options.terminal, true),
        Format::Json => json::report(&done),
        Format::Jsonl => json::report_lines(&done),
        Format::Name => names(done.of(&[Outcome::Dropped, Outcome::WouldDrop]).map(|it| it.id)),
    })?;
    console::say(options.talk, Talk::Normal, &report::notes(&done));
    Ok(done.exit())
}

async fn confirmed(look: &Look, condemned: &[Condemned], kill: bool, options: &Options) -> bool {
    let going = |case: &&crate::judge::Case| condemned.iter().any(|it| it.id == case.id);
    let cases: Vec<_> = look.cases.iter().filter(going).collect();
    let plan = table::sessions(look, &cases, options.terminal);
    console::say(options.talk, Talk::Quiet, plan.trim_end());
    let flowing = words::flowing(cases.iter().map(|case| case.rate));
    console::say(options.talk, Talk::Quiet, &flowing.unwrap_or_default());
    let leftovers = cases.iter().filter(|case| case.session(&look.inventory).is_none()).count();
    let what = words::sessions(cases.len() - leftovers, leftovers);
    let heirs = if kill { ", and end what is left of it on this machine" } else { "" };
    console::confirm(&format!("Drop {what}{heirs}?")).await
}
