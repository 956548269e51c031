//! `graphctl sessions reap`

use std::collections::HashSet;
use std::time::Duration;

use super::dropping::{self, Sentence};
use crate::audit::Audit;
use crate::cli::Reap;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::github::Github;
use crate::judge::Case;
use crate::look::{Look, Observer};
use crate::options::{Options, Talk};
use crate::reap::{Condemned, Outcome, Target, Warrant, lock};
use crate::render::{self, printable};
use crate::select::Filter;
use crate::words::{count, precise, sessions};

const COMMAND: &str = "reap";

/// How often it is looked whether a host that acknowledges nothing shows a sign of life.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// For how long at the most. The kernel repeats itself after 25, 51 and 102 s as a rule; where packets are
/// lost now and then, no proof ever comes.
const LONGEST_WAIT: Duration = Duration::from_secs(110);

pub(super) async fn run(args: Reap, options: &Options) -> Result<Exit> {
    let metrics = super::metrics(&args.metrics, args.dropping.output, options)?;
    let github = Github::open(&args.github)?;
    super::expect_distinct(&[
        ("--audit", args.dropping.audit.audit.as_deref()),
        ("--prom-file", metrics.file()),
        ("GITHUB_STEP_SUMMARY", github.file()),
    ])?;
    let audit = Audit::open(&args.dropping.audit)?;
    let looked = dropping::look(options, COMMAND).await;
    let (mut observer, look) = metrics.unless_seen(looked)?;
    let filter = Filter::from(args.filters);
    let look = wait_for_proof(&mut observer, look, &filter, options.talk).await;
    let look = metrics.unless_seen(look)?;
    let cases = filter.selected(&look.inventory, &look.cases);
    let Reap { include_suspect, spare_flowing, .. } = args;
    let condemned = condemned(&look, &cases, include_suspect, spare_flowing, options.talk);
    let (condemned, refused) = match args.max {
        Some(max) if condemned.len() > max => (Vec::new(), too_many(&condemned, max, &look)),
        _ => (condemned, Vec::new()),
    };
    let held = lock::holder(&look.inventory);
    let free =
        refused.is_empty() && include_suspect && held.is_some_and(|it| filter.selects_lock(it));
    if let Some(held) = held {
        let note = format!("the command lock is held by {}", render::lock::holder(held));
        console::say(options.talk, Talk::Normal, &printable(&note));
    }
    let sentence = Sentence { look, condemned, settled: refused, free, audit, github, metrics };
    dropping::run(observer, sentence, &args.dropping, options, COMMAND).await
}

/// What is to go by these arguments; what of the dead and the suspect is left alone is said.
fn condemned(
    look: &Look,
    cases: &[&Case],
    include_suspect: bool,
    spare_flowing: bool,
    talk: Talk,
) -> Vec<Condemned> {
    let (mut suspects, mut flowing) = (0, Vec::new());
    let mut condemned = Vec::new();
    let ending: Vec<_> = cases.iter().copied().filter(|case| case.ends_with_lock).collect();
    for case in cases.iter().copied() {
        match Warrant::of_case(case) {
            Some(Warrant::Suspicion(_)) if !include_suspect => suspects += 1,
            Some(_) if spare_flowing && case.may_flow() => flowing.push(case),
            Some(warrant) => {
                let (id, messages) = (case.id, case.messages);
                condemned.push(Condemned { id, warrant, spare_flowing, messages });
            }
            None => {}
        }
    }
    if !ending.is_empty() {
        let ending = render::number(&look.inventory, &ending);
        let next = if include_suspect {
            String::new()
        } else {
            format!("; to free the lock: {}", render::lock::FREE)
        };
        let note = format!("{ending} left alone: {}{next}", render::lock::ENDS_WITH_LOCK);
        console::say(talk, Talk::Normal, &note);
    }
    if suspects > 0 {
        let suspects = count(suspects, "suspect session", "suspect sessions");
        let note = format!("{suspects} left alone; --include-suspect drops those too");
        console::say(talk, Talk::Normal, &note);
    }
    if !flowing.is_empty() {
        let flowing = render::number(&look.inventory, &flowing);
        let note = format!("{flowing} left alone, from which messages may flow");
        console::say(talk, Talk::Normal, &note);
    }
    condemned
}

/// More than are to go at once: none of them goes.
fn too_many(condemned: &[Condemned], max: usize, look: &Look) -> Vec<Target> {
    let why = format!("{} would go, and --max allows {max}", condemned.len());
    let refused: HashSet<_> = condemned.iter().map(|it| it.id).collect();
    let cases = look.cases.iter().filter(|case| refused.contains(&case.id));
    cases.map(|case| Target::ended(&look.inventory, case, Outcome::Refused, why.clone())).collect()
}

/// Looks until those whose host seems to have vanished are proven to have, or show a sign of life.
pub(super) async fn wait_for_proof(
    observer: &mut Observer,
    mut look: Look,
    filter: &Filter,
    talk: Talk,
) -> Result<Look> {
    let doubtful = |look: &Look| {
        let selected = filter.selected(&look.inventory, &look.cases);
        selected.iter().filter(|it| it.may_have_vanished).count()
    };
    let first = look.taken;
    if doubtful(&look) > 0 {
        let note = format!(
            "{}: nothing is acknowledged there; waiting up to {} for the proof that the host has vanished",
            sessions(doubtful(&look), 0),
            precise(LONGEST_WAIT)
        );
        console::say_in_passing(talk, Talk::Normal, &note);
    }
    let waiting = async {
        while doubtful(&look) > 0 && first.elapsed() < LONGEST_WAIT {
            tokio::time::sleep(LONGEST_WAIT.saturating_sub(first.elapsed()).min(LOOK_EVERY)).await;
            look = observer.look_again(first).await?;
        }
        Ok(look)
    };
    console::telling(talk, "waiting for the proof", waiting).await
}
