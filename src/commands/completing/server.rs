//! What the server has that can be named on a command line.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _};
use clap_complete::CompletionCandidate;
use clap_complete::env::EnvCompleter as _;
use tokio::time::timeout;

use super::{VARIABLE, bash, typed};
use crate::cli::{Cli, Global};
use crate::error::{Error, Result};
use crate::judge::{self, Case, Thresholds};
use crate::look::Observer;
use crate::model::Inventory;
use crate::options::{Options, Talk};
use crate::render::printable;
use crate::resolve;
use crate::runtime::block_on;
use crate::select::Filter;

/// How long a look may take after Tab was pressed.
const PATIENCE: Duration = Duration::from_secs(1);

/// What it has, with what that is told to be; in order.
type Named = BTreeMap<String, Option<String>>;

/// Ids of sessions and leftovers, in the order of `list`: what they are of, and which are proven dead. Most of the
/// other states take a ping to tell.
pub(super) fn ids() -> Vec<CompletionCandidate> {
    candidates_of(look(), |_| true)
}

/// The ids of what is proven dead. What may be alive is dropped only if its id was typed in full.
pub(super) fn dead_ids() -> Vec<CompletionCandidate> {
    candidates_of(look_for_dead(), |case| case.verdict.is_stale())
}

fn candidates_of(
    look: Option<(Inventory, Vec<Case>)>,
    wanted: impl Fn(&Case) -> bool,
) -> Vec<CompletionCandidate> {
    let Some((inventory, cases)) = look else { return Vec::new() };
    let selected = selected(&inventory, &cases).into_iter();
    let candidates = selected.filter(|case| wanted(case)).map(|case| {
        let key = case.keys(&inventory).into_iter().find(|key| is_plain(key));
        let dead = case.verdict.is_stale().then(|| case.verdict.to_string());
        let help: Vec<_> = key.map(str::to_owned).into_iter().chain(dead).collect();
        CompletionCandidate::new(case.id.to_string())
            .help((!help.is_empty()).then(|| help.join(", ").into()))
    });
    candidates.collect()
}

/// Component keys.
pub(super) fn keys() -> Vec<CompletionCandidate> {
    let Some((inventory, cases)) = look() else { return Vec::new() };
    let keys = selected(&inventory, &cases).into_iter().flat_map(|case| case.keys(&inventory));
    candidates(keys.map(|key| (key.to_owned(), None)).collect())
}

/// Hosts with a process.
pub(super) fn hosts() -> Vec<CompletionCandidate> {
    let Some((inventory, _)) = look() else { return Vec::new() };
    let hosts = inventory.processes.into_iter().filter_map(|process| process.host);
    candidates(hosts.map(|host| (host, None)).collect())
}

/// Pids, and the first unit of each.
pub(super) fn pids() -> Vec<CompletionCandidate> {
    let Some((inventory, _)) = look() else { return Vec::new() };
    let pids = inventory.processes.into_iter().filter_map(|process| {
        Some((process.pid?.to_string(), process.units.into_iter().find(|unit| is_plain(unit))))
    });
    candidates(pids.collect())
}

fn candidates(named: Named) -> Vec<CompletionCandidate> {
    let plain = named.into_iter().filter(|(name, _)| is_plain(name));
    plain.map(|(name, help)| CompletionCandidate::new(name).help(help.map(Into::into))).collect()
}

/// Whether a shell takes it for one word and nothing else, and who reads it too: what is completed may be run next.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.chars().all(|it| it.is_alphanumeric() || "/_.-".contains(it))
        && printable(name) == name
}

fn selected<'a>(inventory: &Inventory, cases: &'a [Case]) -> Vec<&'a Case> {
    Filter::default().selected(inventory, cases)
}

/// What the server holds, and what that proves; nothing if it does not answer in time.
fn look() -> Option<(Inventory, Vec<Case>)> {
    within_patience(async |options| {
        let inventory = Observer::open(options).await?.inventory().await?;
        let (start_timeout, heard_within) = (options.start_timeout, Duration::ZERO);
        let cases = judge::judge(&inventory, &Thresholds { start_timeout, heard_within });
        Ok((inventory, cases))
    })
}

/// What a whole look proves; nothing if that takes too long.
fn look_for_dead() -> Option<(Inventory, Vec<Case>)> {
    within_patience(async |options| {
        let look = Observer::open(options).await?.look().await?;
        Ok((look.inventory, look.cases))
    })
}

fn within_patience<T>(look: impl AsyncFnOnce(&Options) -> Result<T>) -> Option<T> {
    let options = options()?;
    // A timeout yields no candidates.
    let looking = async { Ok(timeout(PATIENCE, look(&options)).await) };
    block_on(looking, Error::exit).ok()?.ok()?.ok()
}

/// Which server is meant, by what has been typed so far.
fn options() -> Option<Options> {
    let breaks = env::var(VARIABLE).is_ok_and(|shell| bash::Whole.is(&shell));
    let words = if breaks { bash::whole(typed()) } else { typed() };
    let matches =
        Cli::command().ignore_errors(true).try_get_matches_from(of_the_server(words)).ok()?;
    let global = Global::from_arg_matches(&matches).ok()?;
    let options = resolve(&global);
    Some(Options { talk: Talk::Quiet, timeout: PATIENCE, ..options })
}

/// Of what is typed, our name and which server is meant: clap would read nothing behind what makes no sense.
fn of_the_server(typed: Vec<OsString>) -> Vec<OsString> {
    let mut words = typed.into_iter().take_while(|word| word != "--");
    let mut kept: Vec<_> = words.next().into_iter().collect();
    while let Some(word) = words.next() {
        if word == "--address" {
            kept.push(word);
            kept.extend(words.next());
        } else if word == "--no-admin" || word.as_encoded_bytes().starts_with(b"--address=") {
            kept.push(word);
        }
    }
    kept
}
