//! What `drop` and `reap` share: ask, drop, tell.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::audit::Audit;
use crate::cli::{Dropping, Format};
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::github::Github;
use crate::judge::Case;
use crate::look::{Look, Observer};
use crate::metrics::Metrics;
use crate::options::{Options, Talk, Terminal};
use crate::reap::{self, Condemned, Extent, Outcome, Report, Target, freeze};
use crate::render::{self, github as note, json, names, number, printable, report, table};
use crate::words;

/// What is to be dropped, or not.
pub(super) struct Sentence {
    /// What it was judged by.
    pub(super) look: Look,
    /// What is to be dropped.
    pub(super) condemned: Vec<Condemned>,
    /// What is settled without that, and told along with it.
    pub(super) settled: Vec<Target>,
    /// Whether a held command lock is to be freed.
    pub(super) free: bool,
    /// Where it is recorded.
    pub(super) audit: Audit,
    /// Whether GitHub Actions is told.
    pub(super) github: Github,
    /// Where metrics go, of a reap.
    pub(super) metrics: Metrics,
}

/// Opens a session that may drop, and takes a look through it.
pub(super) async fn look(options: &Options, command: &'static str) -> Result<(Observer, Look)> {
    super::look(options, async |observer| {
        observer.admin(command)?;
        observer.look().await
    })
    .await
}

/// Carries a sentence out, as asked for.
pub(super) async fn run(
    mut observer: Observer,
    sentence: Sentence,
    args: &Dropping,
    options: &Options,
    command: &'static str,
) -> Result<Exit> {
    let Sentence { look, condemned, settled, free, audit, github, metrics } = sentence;
    let nothing = condemned.is_empty() && !free;
    let extent = Extent { dry_run: args.dry_run, kill: args.kill, free };
    let going: HashSet<_> = condemned.iter().map(|it| it.id).collect();
    let going: Vec<&Case> = look.cases.iter().filter(|case| going.contains(&case.id)).collect();
    let expected_freeze = freeze::expected(&look.inventory, going.iter().copied());
    let prompt_width = options.terminal.prompt_width;
    let asks = !args.yes && !args.dry_run && !nothing;
    if let Some(width) = prompt_width.filter(|_| asks) {
        let terminal = Terminal { width: Some(width), ..options.terminal };
        if !confirmed(&look, &going, expected_freeze, extent, terminal).await {
            console::say(options.talk, Talk::Normal, "nothing was dropped");
            metrics.tell(Some(&look), 0)?;
            return Ok(Exit::Success);
        }
    } else if let Some(freeze) = expected_freeze {
        let note = report::freeze(&look.inventory, freeze);
        console::say(options.talk, Talk::Normal, &note);
    }
    let mut done = if nothing {
        Report::new(look.inventory.server, extent, Vec::new())
    } else {
        let open = audit.begin(Report::unsettled(&look.inventory, &going, extent));
        let doing = if args.dry_run {
            "making sure".to_owned()
        } else {
            format!("making sure, then dropping {}", number(&look.inventory, &going))
        };
        let reaping = Box::pin(reap::run(&mut observer, look, &condemned, extent, command));
        let done = console::telling(options.talk, &doing, reaping).await;
        let done = metrics.unless_seen(done)?;
        open.settle();
        done
    };
    done.targets.extend(settled);
    let recorded = audit.record(&done, SystemTime::now());
    done.expected_freeze = expected_freeze;
    let went = || done.of(&[Outcome::Dropped, Outcome::WouldDrop]).map(|target| target.id);
    let printed = console::print(|out| match args.output {
        _ if metrics.take_standard_output() => Ok(()),
        Format::Table => write!(out, "{}", report::table(&done, options.terminal, false)),
        Format::Wide => write!(out, "{}", report::table(&done, options.terminal, true)),
        Format::Json => json::report(out, &done, audit.why()),
        Format::Jsonl => json::report_lines(out, &done),
        Format::Name => write!(out, "{}", names(went())),
    });
    console::say(options.talk, Talk::Normal, &report::notes(&done));
    let told = github.tell(|| note::drops(&done));
    let measured = measure(&metrics, &mut observer, &done).await;
    recorded.and(printed).and(told).and(measured)?;
    Ok(done.exit())
}

/// Tells Prometheus what is left, which takes a look of its own, and how many went. A server that does not answer
/// any more is what it is told: what was to be done is done.
async fn measure(metrics: &Metrics, observer: &mut Observer, done: &Report) -> Result<()> {
    if !metrics.wanted() {
        return Ok(());
    }
    let look = observer.look().await.ok();
    metrics.tell(look.as_ref(), done.of(&[Outcome::Dropped]).count())
}

/// Asks the person at this terminal whether to do what is planned.
async fn confirmed(
    look: &Look,
    cases: &[&Case],
    freeze: Option<Duration>,
    extent: Extent,
    terminal: Terminal,
) -> bool {
    if cases.is_empty() {
        let holder = reap::lock::holder(&look.inventory).map(render::lock::holder);
        let by = holder.map_or_else(String::new, |it| format!(", which is held by {it}"));
        let question = printable(&format!("Free the server's command lock{by}?"));
        return console::confirm(String::new(), question).await;
    }
    let freeze = freeze.map(|it| report::freeze(&look.inventory, it));
    let table = table::sessions(look, cases, terminal).to_string();
    let flowing = words::flowing(cases.iter().map(|case| case.rate));
    let plan = freeze.into_iter().chain([table.trim_end().to_owned()]).chain(flowing);
    let what = number(&look.inventory, cases);
    let heirs = if extent.kill { ", end the remaining processes on this machine" } else { "" };
    let lock = if extent.free { ", free the command lock" } else { "" };
    let plan = plan.collect::<Vec<_>>().join("\n");
    console::confirm(plan, format!("Drop {what}{heirs}{lock}?")).await
}
