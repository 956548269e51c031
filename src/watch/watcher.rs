//! What is done with what is seen: it is told or shown, and what outstays its lease, or is ordered to go, is
//! dropped and recorded.

use std::collections::VecDeque;
use std::time::{Instant, SystemTime};

use tokio::sync::mpsc::{Receiver, UnboundedSender};

use super::event::{Event, What};
use super::lease::Leases;
use super::link::{self, News, Request};
use super::live::{Live, Order, Theme};
use super::state::State;
use crate::audit::Audit;
use crate::cli::Stream;
use crate::console;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::host::clock;
use crate::look::Look;
use crate::metrics::Metrics;
use crate::options::{Options, Talk};
use crate::reap::{Condemned, Extent, Outcome, Report};
use crate::render::{self, events, json, printable};
use crate::select::Filter;

/// How it is shown.
pub(crate) enum View {
    Live(Box<Live>),
    Lines,
}

impl View {
    pub(crate) fn of(output: Option<Stream>, options: &Options) -> Result<Self> {
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
pub(crate) struct Watcher<'a> {
    options: &'a Options,
    view: View,
    state: State,
    leases: Option<Leases>,
    requests: UnboundedSender<Request>,
    extent: Extent,
    audit: Audit,
    metrics: Metrics,
    /// How many drops the metrics do not know of yet.
    unmeasured: usize,
    /// Whether the metrics could be written the last time.
    measures: bool,
    /// Why a drop could not be recorded.
    unrecorded: Option<Error>,
    /// Which processes the drops left behind. The live view shows that only until a key is pressed.
    left_behind: Vec<String>,
    /// Drops that are under way, as they are to be told if their end never gets known.
    dropping: VecDeque<Report>,
}

impl<'a> Watcher<'a> {
    /// Of what the filter selects; with leases, what outstays its lease is dropped.
    pub(crate) fn new(
        options: &'a Options,
        view: View,
        filter: Filter,
        leases: Option<Leases>,
        requests: UnboundedSender<Request>,
        extent: Extent,
        (audit, metrics): (Audit, Metrics),
    ) -> Self {
        Self {
            options,
            view,
            state: State::new(filter),
            leases,
            requests,
            extent,
            audit,
            metrics,
            unmeasured: 0,
            measures: true,
            unrecorded: None,
            left_behind: Vec::new(),
            dropping: VecDeque::new(),
        }
    }

    /// Whether drops are under way.
    pub(crate) fn drops(&self) -> bool {
        !self.dropping.is_empty()
    }

    /// Until somebody wants it to end.
    pub(crate) async fn go_on(&mut self, news: &mut Receiver<News>) -> Result<Exit> {
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

    pub(crate) async fn hear(&mut self, news: News) -> Result<()> {
        let now = SystemTime::now();
        let events = match news {
            News::Looked(look) => {
                self.measure(Some(&look));
                let events = self.state.see(*look, now);
                self.look_at_leases();
                events
            }
            News::Lost(error) => {
                self.measure(None);
                self.leases.iter_mut().for_each(Leases::renew_all);
                let mut events = Vec::new();
                while let Some(unsettled) = self.dropping.pop_front() {
                    events.extend(self.drop_ended(unsettled, now));
                }
                // What continues a stopped server is the one next step that nothing else shows.
                let hint = error.hint().filter(|_| matches!(error, Error::NoGreeting { .. }));
                let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
                events.extend(self.state.lose(format!("{error}{hint}"), Instant::now(), now));
                events
            }
            News::Dropped(report) => {
                self.dropping.pop_front();
                self.drop_ended(*report, now)
            }
        };
        self.show(&events).await?;
        // What cannot be recorded is the last that is dropped.
        self.unrecorded.take().map_or(Ok(()), Err)
    }

    fn look_at_leases(&mut self) {
        let (Some(leases), Some(look)) = (&mut self.leases, self.state.look()) else { return };
        leases.note_look(look.clock, look.took);
        let ended = leases.look(&look.inventory, &self.state.selected(), look.taken);
        self.request_drop(ended);
    }

    /// Tells Prometheus of a look, or that the server was not seen; what fails is tried again the next time.
    fn measure(&mut self, look: Option<&Look>) {
        match self.metrics.tell(look, self.unmeasured) {
            Ok(()) => (self.unmeasured, self.measures) = (0, true),
            Err(error) if self.measures => {
                self.measures = false;
                self.tell(&printable(&error.to_string()));
            }
            Err(_) => {}
        }
    }

    fn drop_ended(&mut self, report: Report, now: SystemTime) -> Vec<Event> {
        self.unrecorded = self.audit.record(&report, now).err().or(self.unrecorded.take());
        self.unmeasured += report.of(&[Outcome::Dropped]).count();
        if matches!(self.view, View::Live(_)) {
            let dropped: Vec<_> = report.of(&[Outcome::Dropped]).collect();
            self.left_behind.extend(render::report::heirs(&dropped, false));
        }
        if let Some(leases) = &mut self.leases {
            leases.note_drop(clock());
            let undone = [Outcome::Refused, Outcome::Changed, Outcome::Failed];
            report.of(&undone).for_each(|target| leases.renew(target.id));
        }
        self.request(Request::Look);
        self.state.drop_ended(report, now)
    }

    /// Which processes the drops left behind, if that was shown in the live view.
    pub(crate) fn left_behind(&mut self) -> Vec<String> {
        std::mem::take(&mut self.left_behind)
    }

    /// Of drops whose end never got known: what is to be said of them. They are recorded so.
    pub(crate) fn unsettled(&mut self) -> Result<Vec<String>> {
        let now = SystemTime::now();
        let mut unsettled = Vec::new();
        while let Some(report) = self.dropping.pop_front() {
            let events = self.drop_ended(report, now);
            unsettled.extend(events.iter().flat_map(events::words));
        }
        if self.unmeasured > 0 {
            // No look comes any more that would tell; whether they went is on record elsewhere.
            drop(self.metrics.tell(self.state.look(), self.unmeasured));
        }
        self.unrecorded.take().map_or(Ok(unsettled), Err)
    }

    async fn show(&mut self, events: &[Event]) -> Result<()> {
        // The live view has a place for that as long as it lasts.
        let shown = |event: &Event| {
            matches!((&self.view, &event.what), (View::Live(_), What::ServerLost { .. }))
        };
        let words: Vec<_> = events.iter().filter(|it| !shown(it)).flat_map(events::words).collect();
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
                self.tell(&Error::AdminOff { command: link::COMMAND }.to_string());
            }
            Order::Drop(ids) => {
                let cases = ids.iter().filter_map(|id| self.state.case(*id));
                self.request_drop(cases.filter_map(|(_, case)| Condemned::proven(case)).collect());
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
