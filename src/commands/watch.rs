//! `graphctl sessions watch`

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc::{Receiver, UnboundedSender, channel, unbounded_channel};
use tokio::time::timeout;

use crate::audit::Audit;
use crate::cli::{Leasing, Stream, Watch};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::judge::Case;
use crate::options::{Options, Talk};
use crate::reap::{Condemned, Extent, Outcome, Report, Warrant};
use crate::render::{events, json};
use crate::watch::event::{Event, What};
use crate::watch::lease::{Leases, Terms};
use crate::watch::link::{self, Link, News, Request};
use crate::watch::live::{Live, Order, Theme};
use crate::watch::state::State;
use crate::words::precise;
use crate::{console, interruption};

/// Who is named where the admin channel is missing.
const COMMAND: &str = "dropping while watching";

/// How long a drop that is under way is waited for when we are told to end.
const LAST_PATIENCE: Duration = Duration::from_millis(800);

pub(super) async fn run(args: Watch, options: &Options) -> Result<Exit> {
    if args.reap && !options.admin {
        return Err(Error::AdminOff { command: COMMAND });
    }
    let audit = Audit::open(&args.audit)?;
    let view = View::of(args.output, options)?;
    let mut options = options.clone();
    if matches!(view, View::Live(_)) {
        // What is written beside the screen spoils it.
        options.talk = Talk::Quiet;
    }
    console::say_in_passing(options.talk, Talk::Normal, &what_is_done(&args, &options));
    let (requests, requested) = unbounded_channel();
    let (told, mut news) = channel(1);
    let mut watch = Watching {
        options: &options,
        view,
        state: State::new(args.filters.into()),
        leases: args.reap.then(|| Leases::new(args.leasing.into())),
        requests,
        extent: Extent { dry_run: args.dry_run, kill: false, free: false },
        audit,
        unrecorded: None,
        dropping: VecDeque::new(),
    };
    let link = Link::new(&options, args.interval, watch.extent).run(requested, told);
    tokio::pin!(link);
    let ended = tokio::select! {
        ended = &mut link => return ended.map(|()| Exit::Success),
        ended = watch.go_on(&mut news) => ended,
        // Also while nobody reads what we write.
        interruption = interruption() => match interruption {
            // So a service is ended as a rule.
            Error::Terminated => Ok(Exit::Success),
            interruption => Err(interruption),
        },
    };
    while let Some(unsettled) = watch.dropping.front().cloned() {
        let last = async {
            tokio::select! { _ = &mut link => None, report = link::drop_ended(&mut news) => report }
        };
        let report = timeout(LAST_PATIENCE, last).await.ok().flatten();
        let report = report.unwrap_or_else(|| Box::new(unsettled));
        timeout(LAST_PATIENCE, watch.hear(News::Dropped(report))).await.unwrap_or(Ok(()))?;
    }
    match ended {
        Err(error) if args.reap && error.is_broken_pipe() => {
            let note = "nobody reads the events any more: the reaping ends";
            console::say_in_passing(options.talk, Talk::Normal, note);
            Ok(Exit::Partial)
        }
        ended => ended,
    }
}

/// How it is shown.
enum View {
    Live(Box<Live>),
    Lines,
}

impl View {
    fn of(output: Option<Stream>, options: &Options) -> Result<Self> {
        match output {
            Some(Stream::Jsonl) => Ok(Self::Lines),
            None if options.terminal.screen.is_none() => Ok(Self::Lines),
            None | Some(Stream::Table) => {
                let screen = options.terminal.screen.ok_or_else(|| Error::Usage {
                    message: "the live view needs a terminal on standard output".into(),
                    hint: "-o jsonl tells what happens, an event a line".into(),
                })?;
                let look = Theme { color: options.terminal.color, unicode: screen.unicode };
                let live = Live::open(look, options.address.to_string())?;
                Ok(Self::Live(Box::new(live)))
            }
        }
    }

    async fn order(&mut self, state: &State) -> Result<Order> {
        match self {
            Self::Live(live) => live.order(state).await,
            Self::Lines => std::future::pending().await,
        }
    }
}

/// Everything but the connection.
struct Watching<'a> {
    options: &'a Options,
    view: View,
    state: State,
    leases: Option<Leases>,
    requests: UnboundedSender<Request>,
    extent: Extent,
    audit: Audit,
    /// Why a drop could not be recorded.
    unrecorded: Option<Error>,
    /// Drops that are under way, as they are to be told if their end never gets known.
    dropping: VecDeque<Report>,
}

impl Watching<'_> {
    /// Until somebody wants it to end.
    async fn go_on(&mut self, news: &mut Receiver<News>) -> Result<Exit> {
        loop {
            tokio::select! {
                Some(news) = news.recv() => self.hear(news).await?,
                order = self.view.order(&self.state) => match order? {
                    Order::Quit => return Ok(Exit::Success),
                    Order::Interrupt => return Err(Error::Interrupted),
                    order => self.carry_out(order),
                },
            }
        }
    }

    async fn hear(&mut self, news: News) -> Result<()> {
        let now = SystemTime::now();
        let events = match news {
            News::Looked(look) => {
                let events = self.state.see(*look, now);
                self.look_at_leases();
                events
            }
            News::Lost(error) => {
                self.leases.iter_mut().for_each(Leases::renew_all);
                let mut events = Vec::new();
                while let Some(unsettled) = self.dropping.front().cloned() {
                    events.extend(self.drop_ended(unsettled, now));
                }
                events.extend(self.state.lose(error.to_string(), Instant::now(), now));
                events
            }
            News::Dropped(report) => self.drop_ended(*report, now),
        };
        self.show(&events).await?;
        // What cannot be recorded is the last that is dropped.
        self.unrecorded.take().map_or(Ok(()), Err)
    }

    fn look_at_leases(&mut self) {
        let (Some(leases), Some(look)) = (&mut self.leases, self.state.look()) else { return };
        let ended = leases.look(&look.inventory, &self.state.selected(), look.taken);
        self.request_drop(ended);
    }

    fn drop_ended(&mut self, report: Report, now: SystemTime) -> Vec<Event> {
        self.dropping.pop_front();
        self.unrecorded = self.audit.record(&report, now).err().or(self.unrecorded.take());
        if let Some(leases) = &mut self.leases {
            let undone = [Outcome::Refused, Outcome::Changed, Outcome::Failed];
            report.of(&undone).for_each(|target| leases.renew(target.id));
        }
        self.request(Request::Look);
        self.state.drop_ended(report, now)
    }

    async fn show(&mut self, events: &[Event]) -> Result<()> {
        // The live view has a place for that as long as it lasts.
        let shown = |event: &Event| {
            matches!((&self.view, &event.what), (View::Live(_), What::ServerLost { .. }))
        };
        let words: Vec<_> =
            events.iter().filter(|it| !shown(it)).filter_map(events::words).collect();
        for words in &words {
            self.tell(words);
        }
        match &mut self.view {
            View::Live(live) => live.draw(&self.state),
            View::Lines => {
                let mut lines = Vec::new();
                let address = self.options.address.to_string();
                let mut event = |event| json::event(&mut lines, &address, self.audit.why(), event);
                events.iter().try_for_each(&mut event).map_err(Error::Output)?;
                console::print_patiently(lines).await
            }
        }
    }

    fn tell(&mut self, text: &str) {
        match &mut self.view {
            View::Live(live) => live.tell(text),
            View::Lines => console::say_in_passing(self.options.talk, Talk::Normal, text),
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Look => self.request(Request::Look),
            Order::Drop(_) if !self.options.admin => {
                self.tell(&Error::AdminOff { command: COMMAND }.to_string());
            }
            Order::Drop(ids) => {
                let cases = ids.iter().filter_map(|id| self.state.case(*id));
                self.request_drop(cases.filter_map(|(_, case)| condemned(case)).collect());
            }
            Order::Quit | Order::Interrupt => {}
        }
    }

    fn request_drop(&mut self, condemned: Vec<Condemned>) {
        if condemned.is_empty() {
            return;
        }
        let cases = condemned.iter().filter_map(|it| self.state.case(it.id));
        let cases: Vec<_> = cases.map(|(_, case)| case).collect();
        let look = self.state.look();
        let unsettled = look.map(|it| Report::unsettled(&it.inventory, &cases, self.extent));
        self.dropping.extend(unsettled);
        self.request(Request::Drop(condemned));
    }

    fn request(&self, request: Request) {
        // Whoever takes requests ends only with us.
        let _ = self.requests.send(request);
    }
}

/// By what right a case goes that a person saw and confirmed: none but the proof that it is dead.
fn condemned(case: &Case) -> Option<Condemned> {
    let warrant = Warrant::of(case.verdict).filter(|it| matches!(it, Warrant::Proof(_)))?;
    Some(Condemned { id: case.id, warrant, spare_flowing: false, messages: None })
}

/// What is to be known of a watch that nobody looks at.
fn what_is_done(args: &Watch, options: &Options) -> String {
    let watching = format!("watching {} every {}", options.address, precise(args.interval));
    if !args.reap {
        return watching;
    }
    let goes = if args.dry_run { "would be dropped" } else { "is dropped" };
    format!("{watching}; what is condemned for {} {goes}", precise(args.leasing.lease))
}

impl From<Leasing> for Terms {
    fn from(typed: Leasing) -> Self {
        let Leasing { lease, include_suspect, spare_flowing } = typed;
        Self { lease, include_suspect, spare_flowing }
    }
}
