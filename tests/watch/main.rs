//! What changes between looks, what they remember, whose lease ends, and how it is shown: looks made up for
//! each rule.

#[path = "../made_up/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod made_up;

mod keys;
mod person;
mod screen;

use std::time::{Duration, Instant, SystemTime};

use graphctl::host::Held;
use graphctl::judge::{self, SuspectReason, Thresholds, Verdict};
use graphctl::look::Look;
use graphctl::memory::Memory;
use graphctl::model::{Inventory, Ping, Process, Server, Traffic};
use graphctl::reap::report::Target;
use graphctl::reap::{Extent, Outcome, Report};
use graphctl::select::Filter;
use graphctl::watch::event::What;
use graphctl::watch::lease::{Leases, Terms};
use graphctl::watch::state::{Change, State};
use made_up::{LOOK, at, inventory, process, session};

/// Looks are taken every two seconds.
const PACE: Duration = Duration::from_secs(2);

/// A watch of looks that are made up.
struct Watch {
    state: State,
    memory: Memory,
    begun: Instant,
    looks: u32,
}

impl Watch {
    fn new() -> Self {
        let (state, memory) = (State::new(Filter::default()), Memory::default());
        Self { state, memory, begun: Instant::now(), looks: 0 }
    }

    /// Takes the next look: what happened.
    fn see(&mut self, mut inventory: Inventory) -> Vec<String> {
        let thresholds =
            Thresholds { start_timeout: Duration::from_secs(300), heard_within: Duration::ZERO };
        let taken = self.begun + PACE * self.looks;
        self.looks += 1;
        self.memory.recall(&mut inventory);
        let cases = judge::judge(&inventory, &thresholds);
        let collisions = judge::collisions::among(&inventory, &cases);
        self.memory.keep(&inventory, &cases, taken);
        let (held, clock, took) = (Held::new(), PACE * self.looks, Duration::ZERO);
        let look = Look { inventory, cases, collisions, held, taken, clock, took };
        let events = self.state.see(look, SystemTime::now());
        events.iter().map(|event| said(&event.what)).collect()
    }

    fn verdicts(&self) -> Vec<Verdict> {
        self.state.look().expect("a look").cases.iter().map(|case| case.verdict).collect()
    }
}

fn said(what: &What) -> String {
    match what {
        What::Appeared(about) => format!("appeared {} {}", about.components[0], about.verdict),
        What::Changed { about, was } => {
            format!("changed {} {was} → {}", about.components[0], about.verdict)
        }
        What::Gone(about) => format!("gone {} {}", about.components[0], about.verdict),
        What::Dropped(target) => format!("{} {}", target.outcome.name(), target.id),
        What::ServerLost { detail } => format!("lost: {detail}"),
        What::ServerBack { restarted, .. } => format!("back: {restarted:?}"),
    }
}

/// One session of a minute's age, whose one unit has this process.
fn one(owner: Option<Process>) -> Inventory {
    inventory(vec![session(LOOK - 60, "S", &["A"])], owner.into_iter().collect())
}

fn owner() -> Process {
    process(LOOK - 59, &["S/A"])
}

fn silent() -> Process {
    Process { ping: Ping::Silent, ..owner() }
}

fn of(mut inventory: Inventory, instance: &str) -> Inventory {
    let Server { process, .. } = &mut inventory.server;
    process.as_mut().expect("a server").instance = instance.into();
    inventory
}

#[test]
fn what_comes_changes_and_goes_is_told_once() {
    let mut watch = Watch::new();
    assert_eq!(watch.see(one(None)), ["appeared S starting"]);
    assert_eq!(watch.see(one(None)), [""; 0]);
    assert_eq!(watch.see(one(Some(owner()))), ["changed S starting → live"]);
    assert_eq!(watch.see(inventory(vec![], vec![])), ["gone S live"]);
    assert_eq!(watch.see(inventory(vec![], vec![])), [""; 0]);
}

#[test]
fn a_state_lasts_from_the_look_that_first_saw_it() {
    let mut watch = Watch::new();
    watch.see(one(None));
    let id = watch.state.look().expect("a look").cases[0].id;
    assert_eq!(watch.state.change(id), None, "what was there at the first look is not new");
    watch.see(one(None));
    assert_eq!(watch.state.lasted(id), Some(PACE));
    watch.see(one(Some(owner())));
    assert_eq!(watch.state.lasted(id), Some(Duration::ZERO));
    assert_eq!(watch.state.change(id), Some(Change::Was(Verdict::Starting)));
    for _ in 0..3 {
        watch.see(one(Some(owner())));
    }
    assert_eq!(watch.state.change(id), None, "it is told for a few looks");
}

#[test]
fn what_was_selected_once_is_told_of_to_its_end() {
    let mut watch = Watch::new();
    watch.state = State::new(Filter { states: vec!["suspect".into()], ..Filter::default() });
    assert_eq!(watch.see(one(Some(owner()))), [""; 0]);
    assert_eq!(watch.see(one(Some(silent()))), ["appeared S suspect unresponsive"]);
    assert_eq!(watch.see(one(Some(owner()))), ["changed S suspect unresponsive → live"]);
    assert!(watch.state.selected().is_empty());
    assert_eq!(watch.see(inventory(vec![], vec![])), ["gone S live"]);
}

#[test]
fn another_server_is_told_from_one_that_was_not_reached() {
    let mut watch = Watch::new();
    let lose = |watch: &mut Watch| {
        let event = watch.state.lose("gone".into(), Instant::now(), SystemTime::now());
        event.map(|event| said(&event.what))
    };
    assert_eq!(lose(&mut watch).as_deref(), Some("lost: gone"));
    assert_eq!(lose(&mut watch), None, "it is told once");
    assert_eq!(watch.see(of(one(None), "1/1/1")), ["back: None", "appeared S starting"]);
    lose(&mut watch);
    lose(&mut watch);
    assert_eq!(watch.see(of(one(None), "1/1/1")), ["back: Some(false)"]);
    lose(&mut watch);
    let other = of(inventory(vec![], vec![]), "1/2/2");
    assert_eq!(watch.see(other), ["back: Some(true)", "gone S starting"]);
}

#[test]
fn whoever_was_seen_with_a_unit_is_missed_when_it_leaves() {
    let mut watch = Watch::new();
    watch.see(one(Some(owner())));
    // The histories have forgotten it, as they do after 10,000 events.
    let forgotten = || {
        let mut look = one(None);
        look.history.as_mut().expect("a history").whole = false;
        look
    };
    assert_eq!(watch.see(forgotten()), ["changed S live → suspect partial"]);
    assert_eq!(watch.see(forgotten()), [""; 0]);
    let history = watch.state.look().and_then(|look| look.inventory.history.as_ref());
    let departed = &history.expect("a history").departed;
    assert_eq!(departed.len(), 1);
    let seen = departed[0].seen.as_ref().expect("it was seen");
    assert_eq!((&*seen.name, &seen.units[..]), ("pid 100 on lab", &["S/A".to_owned()][..]));
    assert_eq!(departed[0].left, at(LOOK), "it left between two looks");
}

/// Another has its unit since, and yet another unit has nobody: that may be starting.
#[test]
fn whoever_was_replaced_is_not_missed() {
    let mut watch = Watch::new();
    let two = |owner: Process| {
        let mut look = inventory(vec![session(LOOK - 60, "S", &["A", "B"])], vec![owner]);
        look.history.as_mut().expect("a history").whole = false;
        look
    };
    watch.see(two(process(LOOK - 59, &["S/A"])));
    watch.see(two(process(LOOK - 1, &["S/A"])));
    assert_eq!(watch.verdicts(), [Verdict::Starting]);
}

#[test]
fn a_process_of_two_sessions_is_held_against_neither() {
    let mut watch = Watch::new();
    let two = |owner: Vec<Process>| {
        let mut look = inventory(
            vec![session(LOOK - 60, "S", &["A"]), session(LOOK - 61, "T", &["A"])],
            owner,
        );
        look.history.as_mut().expect("a history").whole = false;
        look
    };
    watch.see(two(vec![process(LOOK - 50, &["S/A", "T/A"])]));
    watch.see(two(vec![]));
    assert_eq!(watch.verdicts(), [Verdict::Starting; 2]);
}

#[test]
fn rates_come_of_what_was_carried_between_two_looks() {
    let mut watch = Watch::new();
    let carried = |published, seconds| {
        let traffic = Traffic { published, received: 0, seconds, rate: None };
        one(Some(Process { traffic: Some(traffic), ..owner() }))
    };
    let rate = |watch: &Watch| watch.state.look().expect("a look").cases[0].rate;
    watch.see(carried(100, 10.0));
    assert_eq!(rate(&watch), None);
    watch.see(carried(500, 12.0));
    assert_eq!(rate(&watch), Some(200.0));
    watch.see(carried(500, 14.0));
    assert_eq!(rate(&watch), Some(0.0));
    watch.see(carried(7, 16.0));
    assert_eq!(rate(&watch), None, "a counter that starts anew tells nothing");
}

#[test]
fn what_was_dropped_is_not_gone_as_well() {
    let mut watch = Watch::new();
    watch.see(one(Some(silent())));
    let look = watch.state.look().expect("a look");
    let why = String::new();
    let target = Target::ended(&look.inventory, &look.cases[0], Outcome::Dropped, why);
    let extent = Extent { dry_run: false, kill: false, free: false };
    let report = Report::new(look.inventory.server.clone(), extent, vec![target]);
    let told = watch.state.drop_ended(report, SystemTime::now());
    assert_eq!(told.len(), 1);
    assert!(watch.state.gone()[0].dropped);
    assert_eq!(watch.see(inventory(vec![], vec![])), [""; 0]);
}

/// Looks at one session, two seconds apart: after which of them its lease ended.
fn lease_ends(terms: Terms, looks: Vec<Inventory>) -> Vec<usize> {
    let mut leases = Leases::new(terms, PACE);
    let mut watch = Watch::new();
    let mut ends = Vec::new();
    for (number, inventory) in looks.into_iter().enumerate() {
        watch.see(inventory);
        let look = watch.state.look().expect("a look");
        let ended = leases.look(&look.inventory, &watch.state.selected(), look.taken);
        ends.extend(ended.iter().map(|_| number));
    }
    ends
}

const TERMS: Terms =
    Terms { lease: Duration::from_secs(4), include_suspect: true, spare_flowing: false };

/// The session's own connection was silent for so long at a look, as all its control traffic was.
fn spoke(mut inventory: Inventory, ago: u64) -> Inventory {
    let session = &mut inventory.sessions[0];
    session.last_event = None;
    let link = session.link.as_mut().expect("a connection");
    link.silent_for = Some(Duration::from_secs(ago));
    inventory
}

fn looks(number: usize, look: impl Fn() -> Inventory) -> Vec<Inventory> {
    (0..number).map(|_| look()).collect()
}

#[test]
fn a_lease_ends_once_when_it_was_condemned_at_every_look() {
    assert_eq!(lease_ends(TERMS, looks(6, || one(Some(silent())))), [2]);
    let without = Terms { include_suspect: false, ..TERMS };
    assert_eq!(lease_ends(without, looks(6, || one(Some(silent())))), [0; 0]);
    assert_eq!(lease_ends(TERMS, looks(6, || one(Some(owner())))), [0; 0]);
}

#[test]
fn a_look_at_which_it_lives_renews_its_lease() {
    let dead = || one(Some(silent()));
    let renewed = vec![dead(), dead(), one(Some(owner())), dead(), dead(), dead(), dead()];
    assert_eq!(lease_ends(TERMS, renewed), [5]);
}

#[test]
fn control_traffic_renews_a_lease() {
    let dead = || one(Some(silent()));
    let renewed = vec![dead(), dead(), spoke(dead(), 1), dead(), dead(), dead()];
    assert_eq!(lease_ends(TERMS, renewed), [4]);
}

#[test]
fn a_suspect_lives_by_any_answer_and_any_message() {
    let two =
        |a: Process, b: Process| inventory(vec![session(LOOK - 60, "S", &["A", "B"])], vec![a, b]);
    let answering = || two(silent(), process(LOOK - 58, &["S/B"]));
    let mut watch = Watch::new();
    watch.see(answering());
    assert_eq!(watch.verdicts(), [Verdict::Suspect(SuspectReason::Unresponsive)]);
    assert_eq!(lease_ends(TERMS, looks(6, answering)), [0; 0]);
    let flowing = |published| {
        let traffic = Some(Traffic { published, received: 0, seconds: 1.0, rate: None });
        one(Some(Process { traffic, ..silent() }))
    };
    assert_eq!(lease_ends(TERMS, (0..6).map(flowing).collect()), [0; 0]);
    assert_eq!(lease_ends(TERMS, looks(6, || flowing(7))), [2]);
}

#[test]
fn after_a_while_without_looks_all_leases_start_anew() {
    let mut leases = Leases::new(TERMS, PACE);
    let mut watch = Watch::new();
    let mut ended = |leases: &mut Leases| {
        watch.see(one(Some(silent())));
        let look = watch.state.look().expect("a look");
        leases.look(&look.inventory, &watch.state.selected(), look.taken).len()
    };
    assert_eq!([ended(&mut leases), ended(&mut leases)], [0, 0]);
    leases.renew_all();
    assert_eq!([ended(&mut leases), ended(&mut leases), ended(&mut leases)], [0, 0, 1]);
}

/// Looks at a session that is dead throughout, each with the time on the clock and how long it took; after which of
/// them its lease ended. The clock of the leases themselves stands still while a machine sleeps: a look is two seconds
/// after the other.
fn lease_ends_at(looks: &[(u64, u64)]) -> Vec<usize> {
    let mut leases = Leases::new(TERMS, PACE);
    let mut watch = Watch::new();
    let mut ends = Vec::new();
    for (number, (clock, took)) in looks.iter().enumerate() {
        watch.see(one(Some(silent())));
        leases.note_look(Duration::from_secs(*clock), Duration::from_secs(*took));
        let look = watch.state.look().expect("a look");
        let ended = leases.look(&look.inventory, &watch.state.selected(), look.taken);
        ends.extend(ended.iter().map(|_| number));
    }
    ends
}

#[test]
fn leases_start_anew_after_a_time_of_sleep() {
    assert_eq!(lease_ends_at(&[(10, 0), (12, 0), (14, 0)]), [2]);
    assert_eq!(lease_ends_at(&[(10, 0), (12, 0), (3600, 0), (3602, 0), (3604, 0)]), [4]);
    // It slept in the middle of a look.
    assert_eq!(lease_ends_at(&[(10, 0), (12, 0), (3600, 3588), (3602, 0), (3604, 0)]), [4]);
    // Twice, and also right after that.
    let twice = [(10, 0), (12, 0), (3600, 3588), (7200, 0), (7202, 0), (7204, 0)];
    assert_eq!(lease_ends_at(&twice), [5]);
}

#[test]
fn leases_run_on_where_looks_take_long() {
    assert_eq!(lease_ends_at(&[(10, 0), (18, 6), (26, 6)]), [2]);
    assert_eq!(lease_ends_at(&[(10, 3600), (22, 10), (34, 10)]), [2]);
}

#[test]
fn leases_run_on_during_a_drop_but_not_during_sleep_in_it() {
    for (ended, left) in [(50, 1), (3600, 0)] {
        let mut leases = Leases::new(TERMS, PACE);
        let mut watch = Watch::new();
        let mut end = |leases: &mut Leases, clock| {
            watch.see(one(Some(silent())));
            leases.note_look(Duration::from_secs(clock), Duration::ZERO);
            let look = watch.state.look().expect("a look");
            leases.look(&look.inventory, &watch.state.selected(), look.taken).len()
        };
        assert_eq!([end(&mut leases, 10), end(&mut leases, 12)], [0, 0]);
        leases.note_drop(Duration::from_secs(ended));
        assert_eq!(end(&mut leases, ended + 1), left, "{ended}");
    }
}
