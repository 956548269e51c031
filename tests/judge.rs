//! The judgement and the plan of a drop, on inventories made up for each rule: no server, no clock.

#[path = "made_up/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod made_up;

use std::net::SocketAddr;
use std::time::Duration;

use graphctl::admin::{DropTarget, digest};
use graphctl::host::Held;
use graphctl::judge::{self, Case, StaleReason, SuspectReason, Thresholds, Verdict};
use graphctl::model::{
    Departed, Ended, Endpoint, EndpointKind, Holder, Holding, Inventory, Link, Ping, Process, Seen,
    Session, Streams, Traffic, Worker, minted,
};
use graphctl::reap::{Condemned, Planner, Verdicts, Warrant, verdicts_by_case};
use made_up::{LOOK, alone, at, holder, id, inventory, link, process, session};
use uuid::Uuid;

const START_TIMEOUT: Duration = Duration::from_secs(300);
const LEFTOVER: Verdict = Verdict::Stale(StaleReason::Leftover);
const NEVER_STARTED: Verdict = Verdict::Suspect(SuspectReason::NeverStarted);
const PARTIAL: Verdict = Verdict::Suspect(SuspectReason::Partial);

fn departed(inventory: &mut Inventory, created: u64, left: u64) {
    let departed = Departed {
        id: Uuid::nil(),
        created: at(created),
        left: at(left),
        endpoint: Some(at(created)),
        seen: None,
    };
    inventory.history.as_mut().expect("a history").departed.push(departed);
}

fn ended(inventory: &mut Inventory, created: u64, end: Option<u64>) {
    let ended = gone(created, end, None);
    inventory.history.as_mut().expect("a history").ended.push(ended);
}

fn gone(created: u64, end: Option<u64>, event: Option<u64>) -> Ended {
    Ended { created: at(created), at: end.map(at), event }
}

/// A process without a session. It owns S/A since event 5, and the program that started it is gone.
fn left_behind() -> Process {
    let worker = Some(Worker { starter_runs: Some(false) });
    let age = Duration::from_secs(LOOK - 20);
    let holding = Some(held_by(vec![Holder { worker, age, ..holder(100) }]));
    Process { last_change: Some(5), holding, ..process(20, &["S/A"]) }
}

/// Sessions that registered S/A and are gone.
fn registered(inventory: &mut Inventory, sessions: &[Ended]) {
    let registrations = [("S/A".to_owned(), sessions.to_vec())].into();
    inventory.history.as_mut().expect("a history").registrations = registrations;
}

fn thresholds(heard_within: Duration) -> Thresholds {
    Thresholds { start_timeout: START_TIMEOUT, heard_within }
}

fn judged(inventory: &Inventory) -> Vec<Case> {
    judge::judge(inventory, &thresholds(Duration::ZERO))
}

fn verdicts(inventory: &Inventory) -> Vec<Verdict> {
    judged(inventory).iter().map(|case| case.verdict).collect()
}

#[test]
fn a_session_is_live_when_every_owner_answers() {
    let pair = || session(10, "S", &["A", "B"]);
    let mut look = inventory(vec![pair()], vec![process(11, &["S/A"]), process(12, &["S/B"])]);
    assert_eq!(verdicts(&look), [Verdict::Live]);
    for silent in [Ping::Silent, Ping::Blocked, Ping::Failed("process_disconnected".into())] {
        look.processes[1].ping = silent;
        assert_eq!(verdicts(&look), [Verdict::Suspect(SuspectReason::Unresponsive)]);
    }
    look.processes[1].ping = Ping::NotAsked;
    assert_eq!(verdicts(&look), [Verdict::Unknown]);
}

#[test]
fn a_session_without_components_is_an_observer_however_old() {
    let mut observer = session(1, "S", &[]);
    observer.components.clear();
    assert_eq!(verdicts(&inventory(vec![observer], vec![])), [Verdict::Observer]);
}

/// A runner that was stopped leaves its connection to the backends that another runner has forked meanwhile.
#[test]
fn an_observer_that_only_backends_hold_is_described() {
    let unread = |pid| Holder { watches: false, serving: None, ..holder(pid) };
    let evidence = |holders: Vec<Holder>, backends: Vec<Holder>| {
        let observer =
            Session { components: vec![], holding: Some(held_by(holders)), ..session(0, "R", &[]) };
        let backend = Process { holding: Some(held_by(backends)), ..process(20, &["S/A"]) };
        let look = inventory(vec![observer, session(10, "S", &["A"])], vec![backend]);
        let cases = judged(&look);
        assert_eq!((cases[0].verdict, cases[1].verdict), (Verdict::Observer, Verdict::Live));
        cases[0].evidence.clone()
    };
    let known = "it registered no components";
    let left = "only processes that run units hold its connection, and none was seen reading it: pid 7; \
                a runner that was stopped may have left it to them";
    assert_eq!(evidence(vec![unread(7)], vec![unread(7)]), [known, left]);
    assert_eq!(evidence(vec![holder(7)], vec![holder(7)]), [known], "it is read");
    assert_eq!(evidence(vec![unread(7), unread(8)], vec![unread(7)]), [known], "pid 8 runs none");
    assert_eq!(evidence(vec![], vec![unread(7)]), [known], "no process is seen");
}

#[test]
fn a_session_of_collections_only_is_unknown() {
    assert_eq!(verdicts(&inventory(vec![session(1, "S", &[])], vec![])), [Verdict::Unknown]);
}

#[test]
fn a_session_without_owners_is_starting_until_the_timeout_is_over() {
    let look = |opened| verdicts(&inventory(vec![session(opened, "S", &["A"])], vec![]));
    assert_eq!(look(LOOK - 1), [Verdict::Starting]);
    assert_eq!(look(LOOK - 299), [Verdict::Starting]);
    assert_eq!(look(LOOK - 300), [NEVER_STARTED]);
}

#[test]
fn a_clock_that_jumps_while_a_session_starts_does_not_age_it() {
    let mut young = session(LOOK - 900, "S", &["A"]);
    young.link = Some(Link { silent_for: Some(Duration::from_secs(5)), ..link() });
    assert_eq!(verdicts(&inventory(vec![young], vec![])), [Verdict::Starting]);
}

#[test]
fn a_session_whose_topics_are_in_use_is_not_taken_for_dead() {
    let look = |connected, kind| {
        let mut look = inventory(vec![session(100, "S", &["A"])], vec![]);
        look.endpoints = Some(vec![endpoint(connected, 3, "10.0.0.9", kind)]);
        verdicts(&look)
    };
    let (input, output) = ("S/A/INPUT".to_owned(), "S/A/OUTPUT".to_owned());
    assert_eq!(look(101, EndpointKind::Publisher(output.clone())), [Verdict::Unknown]);
    assert_eq!(look(101, EndpointKind::Subscriber(input.clone())), [Verdict::Unknown]);
    assert_eq!(look(99, EndpointKind::Subscriber(input)), [NEVER_STARTED], "it was there before");
    assert_eq!(look(101, EndpointKind::Subscriber(output)), [NEVER_STARTED], "that is a tap");
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let odd = Session { readable: false, components: vec![], ..session(1, "S", &[]) };
    assert_eq!(verdicts(&inventory(vec![odd], vec![])), [Verdict::Unknown]);
}

#[test]
fn a_sign_of_life_after_the_ping_or_since_the_first_look_counts() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(11, &["S/A"])]);
    look.processes[0].ping = Ping::Heard;
    assert_eq!(verdicts(&look), [Verdict::Live]);
    look.processes[0].ping = Ping::Silent;
    let judged =
        |seconds| judge::judge(&look, &thresholds(Duration::from_secs(seconds)))[0].verdict;
    assert_eq!(judged(11), Verdict::Live, "it spoke 10 s ago");
    assert_eq!(judged(9), Verdict::Suspect(SuspectReason::Unresponsive));
}

#[test]
fn a_server_that_reads_no_answers_makes_nobody_suspect_unless_the_kernel_tells() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(11, &["S/A"])]);
    look.processes[0].ping = Ping::Silent;
    look.server.process.as_mut().expect("a process").lock_held = true;
    assert_eq!(verdicts(&look), [Verdict::Suspect(SuspectReason::Unresponsive)]);
    look.processes[0].link = Some(Link { silent_for: None, ..link() });
    assert_eq!(verdicts(&look), [Verdict::Unknown]);
}

#[test]
fn what_spoke_between_two_looks_is_not_suspect_for_lack_of_the_kernels_word() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(11, &["S/A"])]);
    look.processes[0].ping = Ping::Silent;
    look.processes[0].link = Some(Link { silent_for: None, ..link() });
    let judged = |heard_within| judge::judge(&look, &thresholds(heard_within))[0].verdict;
    assert_eq!(judged(Duration::ZERO), Verdict::Suspect(SuspectReason::Unresponsive));
    assert_eq!(judged(Duration::from_secs(2)), Verdict::Unknown, "it may have spoken since");
}

#[test]
fn a_session_with_some_owners_is_starting_and_then_suspect() {
    let look = |opened| {
        let some = vec![process(opened + 1, &["S/A"])];
        verdicts(&inventory(vec![session(opened, "S", &["A", "B"])], some))
    };
    assert_eq!(look(LOOK - 100), [Verdict::Starting]);
    assert_eq!(look(LOOK - 400), [PARTIAL]);
}

#[test]
fn a_session_with_some_owners_and_a_topic_in_use_may_have_run() {
    let traffic = Some(Traffic { published: 0, received: 0, seconds: 0.0, rate: None });
    let some = vec![Process { traffic, ..process(11, &["S/A"]) }];
    let mut look = inventory(vec![session(10, "S", &["A", "B"])], some);
    assert_eq!(verdicts(&look), [NEVER_STARTED]);
    let subscriber = EndpointKind::Subscriber("S/B/INPUT".into());
    look.endpoints = Some(vec![endpoint(12, 3, "10.0.0.9", subscriber)]);
    assert_eq!(verdicts(&look), [PARTIAL]);
}

#[test]
fn a_history_with_a_hole_does_not_tell_that_no_message_ever_flowed() {
    let silent = Traffic { published: 0, received: 0, seconds: 0.0, rate: None };
    let some = vec![Process { traffic: Some(silent), ..process(11, &["S/A"]) }];
    let mut look = inventory(vec![session(10, "S", &["A", "B"])], some);
    assert_eq!(verdicts(&look), [NEVER_STARTED]);
    look.history.as_mut().expect("a history").whole = false;
    assert_eq!(verdicts(&look), [PARTIAL], "whoever had the other unit may be forgotten");
}

#[test]
fn without_a_history_an_old_session_without_owners_is_unknown() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![]);
    look.history = None;
    assert_eq!(verdicts(&look), [Verdict::Unknown]);
}

/// Its process left, and an earlier look had seen these of its units in it.
fn seen_and_gone(inventory: &mut Inventory, units: &[&str]) {
    departed(inventory, 991, 995);
    let (session, name) = (inventory.sessions[0].id, "pid 100".to_owned());
    let units = units.iter().map(|unit| (*unit).to_owned()).collect();
    let departed = &mut inventory.history.as_mut().expect("a history").departed;
    departed.last_mut().expect("one").seen = Some(Seen { session, name, units });
}

fn held_by(holders: Vec<Holder>) -> Holding {
    Holding { holders, unsure: None, ..Holding::default() }
}

#[test]
fn a_departure_that_no_look_has_seen_proves_nothing() {
    let mut look = inventory(vec![session(990, "S", &["A", "B"])], vec![]);
    look.sessions[0].holding = Some(alone());
    departed(&mut look, 991, 995);
    assert_eq!(verdicts(&look), [PARTIAL]);
    look.processes.push(process(991, &["S/B"]));
    assert_eq!(verdicts(&look), [PARTIAL]);
}

#[test]
fn units_that_were_seen_to_leave_prove_nothing_while_their_opener_runs() {
    let mut look = inventory(vec![session(990, "S", &["A", "B"])], vec![]);
    seen_and_gone(&mut look, &["S/A", "S/B"]);
    for holding in [None, Some(alone()), Some(held_by(vec![holder(7), holder(8)]))] {
        look.sessions[0].holding = holding;
        assert_eq!(verdicts(&look), [PARTIAL], "it may start them again");
    }
}

#[test]
fn a_running_pipeline_without_its_publishers_or_subscribers_is_not_live() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(11, &["S/A"])]);
    assert_eq!(verdicts(&look), [Verdict::Live]);
    let own = look.endpoints.take().expect("endpoints");
    assert_eq!(verdicts(&look), [Verdict::Live], "a snapshot lists none");
    for kept in [vec![], own[..1].to_vec(), own[1..].to_vec()] {
        look.endpoints = Some(kept);
        let mut judged = |messages: Option<u64>| {
            let carried = |received| Traffic { published: 0, received, seconds: 0.0, rate: None };
            look.processes[0].traffic = messages.map(carried);
            verdicts(&look)
        };
        assert_eq!(judged(Some(7)), [PARTIAL]);
        assert_eq!(judged(Some(0)), [Verdict::Unknown], "it may never have had any");
        assert_eq!(judged(None), [Verdict::Unknown]);
    }
}

#[test]
fn a_process_that_connected_before_the_session_was_never_its_own() {
    let mut look = inventory(vec![session(990, "S", &["A"])], vec![]);
    departed(&mut look, 989, 995);
    assert_eq!(verdicts(&look), [Verdict::Starting]);
}

#[test]
fn a_history_with_a_hole_charges_nobody() {
    let mut look = inventory(vec![session(990, "S", &["A"])], vec![]);
    departed(&mut look, 991, 995);
    look.history.as_mut().expect("a history").whole = false;
    assert_eq!(verdicts(&look), [Verdict::Starting]);
}

#[test]
fn without_endpoints_a_departure_says_nothing() {
    let mut look = inventory(vec![session(990, "S", &["A"])], vec![]);
    departed(&mut look, 991, 995);
    let its_own = endpoint(992, 3, "10.0.0.9", EndpointKind::Publisher("S/A/OUTPUT".into()));
    look.endpoints = Some(vec![its_own]);
    assert_eq!(verdicts(&look), [Verdict::Unknown]);
    look.endpoints = None;
    assert_eq!(verdicts(&look), [Verdict::Starting]);
}

#[test]
fn a_departed_process_that_two_sessions_may_have_had_is_charged_to_none() {
    let both = vec![session(980, "S", &["A"]), session(985, "T", &["B"])];
    let mut look = inventory(both, vec![]);
    departed(&mut look, 990, 995);
    assert_eq!(verdicts(&look), [Verdict::Starting, Verdict::Starting]);
}

#[test]
fn a_session_that_had_all_its_owners_has_lost_nobody() {
    let both = vec![session(980, "S", &["A"]), session(985, "T", &["B"])];
    let mut look = inventory(both, vec![process(981, &["S/A"])]);
    departed(&mut look, 990, 995);
    assert_eq!(verdicts(&look), [Verdict::Live, PARTIAL]);
    // An owner that came after the departed one had left may have taken its place.
    look.processes[0] = process(996, &["S/A"]);
    assert_eq!(verdicts(&look), [Verdict::Live, Verdict::Starting]);
}

#[test]
fn a_departed_process_that_made_nothing_for_the_session_is_not_charged() {
    let mut look = inventory(vec![session(980, "S", &["A"])], vec![]);
    departed(&mut look, 990, 995);
    for endpoint in [None, Some(at(979))] {
        look.history.as_mut().expect("a history").departed[0].endpoint = endpoint;
        assert_eq!(verdicts(&look), [Verdict::Starting], "{endpoint:?}");
    }
}

#[test]
fn a_session_without_components_may_have_lost_the_process() {
    let mut reverted = session(970, "T", &["B"]);
    reverted.components.clear();
    let mut look = inventory(vec![reverted, session(980, "S", &["A"])], vec![]);
    departed(&mut look, 990, 995);
    assert_eq!(verdicts(&look), [Verdict::Observer, Verdict::Starting]);
    look.sessions[0].graphctl = true;
    assert_eq!(verdicts(&look), [Verdict::Observer, PARTIAL], "graphctl runs no units");
}

#[test]
fn a_departed_process_that_a_session_now_gone_may_have_had_is_charged_to_none() {
    let look = |created, end, its_own: &[(u64, u64)]| {
        let mut look = inventory(vec![session(980, "S", &["A"])], vec![]);
        for (created, left) in its_own {
            departed(&mut look, *created, *left);
        }
        departed(&mut look, 990, 995);
        ended(&mut look, created, end);
        verdicts(&look)
    };
    assert_eq!(look(985, Some(996), &[]), [Verdict::Starting], "it was there");
    assert_eq!(look(970, None, &[]), [Verdict::Starting], "it may have been there");
    assert_eq!(look(970, Some(978), &[]), [Verdict::Starting], "its backends may have come later");
    assert_eq!(look(970, Some(978), &[(972, 977)]), [Verdict::Starting], "not all need have left");
    assert_eq!(look(600, Some(691), &[]), [Verdict::Starting], "a start may take that long");
    assert_eq!(look(600, Some(690), &[]), [PARTIAL], "it ended longer ago than a start takes");
    assert_eq!(look(991, Some(996), &[]), [PARTIAL], "it came after");
}

#[test]
fn a_closed_connection_is_a_ghost_without_a_handler_and_client_closed_with_one() {
    let look = |established, closing, handled| {
        let mut only = session(10, "S", &["A"]);
        only.link = Some(Link { established, closing, handled, ..link() });
        verdicts(&inventory(vec![only], vec![process(11, &["S/A"])]))
    };
    let ghost = [Verdict::Stale(StaleReason::Ghost)];
    assert_eq!(look(Some(false), false, false), ghost);
    assert_eq!(look(None, true, false), ghost);
    assert_eq!(look(Some(false), false, true), [Verdict::Stale(StaleReason::ClientClosed)]);
    assert_eq!(look(Some(true), false, false), [Verdict::Live], "it is just being opened");
    assert_eq!(look(None, false, true), [Verdict::Live], "the system does not tell");
}

#[test]
fn a_vanished_host_proves_nothing_while_an_older_process_owns_a_unit() {
    let vanished = |second, unit| {
        let silent = Process { ping: Ping::Silent, ..process(second, &[unit]) };
        Process { unacked_for: Some(Duration::from_secs(60)), ..silent }
    };
    let owners = |other| vec![vanished(11, "S/A"), other];
    let mut look = inventory(vec![session(10, "S", &["A", "B"])], owners(vanished(12, "S/B")));
    assert_eq!(verdicts(&look), [Verdict::Stale(StaleReason::HalfOpen)]);
    look.processes = owners(process(12, &["S/B"]));
    assert_eq!(verdicts(&look), [Verdict::Suspect(SuspectReason::Unresponsive)]);
    look.processes[1].created = None;
    assert_eq!(verdicts(&look), [Verdict::Unknown; 2], "it answers, whosever it is");
    look.processes = owners(process(9, &["S/B"]));
    assert_eq!(verdicts(&look), [Verdict::Unknown; 2]);
}

#[test]
fn a_process_is_a_leftover_if_it_owned_its_units_when_their_session_ended() {
    let mut look = inventory(vec![], vec![left_behind()]);
    assert_eq!(verdicts(&look), [Verdict::Unknown]);
    let mut judged = |session: Ended| {
        registered(&mut look, &[session]);
        verdicts(&look)[0]
    };
    assert_eq!(judged(gone(19, None, Some(6))), LEFTOVER);
    assert_eq!(judged(gone(21, None, Some(6))), Verdict::Unknown, "that session came later");
    assert_eq!(judged(gone(10, None, Some(4))), Verdict::Unknown, "that session ended before");
    assert_eq!(judged(gone(10, Some(30), None)), Verdict::Unknown, "times are no proof");
    registered(&mut look, &[gone(10, None, Some(3)), gone(19, None, Some(6))]);
    assert_eq!(verdicts(&look), [LEFTOVER], "it is of the second session");
    registered(&mut look, &[gone(10, None, Some(4)), gone(21, None, Some(6))]);
    assert_eq!(verdicts(&look), [Verdict::Unknown], "it is of neither");
    look.processes[0].last_change = None;
    assert_eq!(verdicts(&look), [Verdict::Unknown]);
    look.history = None;
    assert_eq!(verdicts(&look), [Verdict::Unknown]);
}

#[test]
fn a_process_is_no_leftover_while_its_program_may_be_running() {
    let other = Session { holding: Some(alone()), ..session(12, "T", &["B"]) };
    let mut look = inventory(vec![other], vec![left_behind()]);
    registered(&mut look, &[gone(10, None, Some(6))]);
    let mut judged = |holding: Option<Holding>| {
        look.processes[0].holding = holding;
        verdicts(&look)[1]
    };
    let started_at =
        |second, worker| Holder { worker, age: Duration::from_secs(LOOK - second), ..holder(100) };
    let holder = |worker: Option<Worker>| started_at(20, worker);
    let started = |runs: Option<bool>| held_by(vec![holder(Some(Worker { starter_runs: runs }))]);
    assert_eq!(judged(Some(started(Some(false)))), LEFTOVER);
    let older = started_at(9, Some(Worker { starter_runs: Some(false) }));
    assert_eq!(
        judged(Some(held_by(vec![older]))),
        Verdict::Unknown,
        "it is older than the session"
    );
    assert_eq!(judged(Some(started(Some(true)))), Verdict::Unknown);
    assert_eq!(judged(Some(started(None))), Verdict::Unknown);
    assert_eq!(
        judged(Some(held_by(vec![holder(None)]))),
        Verdict::Unknown,
        "it is a program itself"
    );
    assert_eq!(judged(Some(held_by(vec![]))), Verdict::Unknown);
    assert_eq!(judged(None), Verdict::Unknown, "it cannot be seen");
    let unsure = Some("others may".to_owned());
    assert_eq!(judged(Some(Holding { unsure, ..started(Some(false)) })), Verdict::Unknown);
    let own = started(Some(false));
    look.sessions[0].holding = Some(own.clone());
    look.processes[0].holding = Some(own);
    assert_eq!(verdicts(&look)[1], Verdict::Unknown, "it holds a session");
    look.sessions[0].holding = None;
    assert_eq!(verdicts(&look)[1], Verdict::Unknown, "it may hold a session of its host");
    look.sessions[0].link = Some(Link { peer: "10.0.0.8:4711".parse().ok(), ..link() });
    assert_eq!(verdicts(&look)[1], LEFTOVER, "that session is of another host");
}

/// An event loop may be at work just then. What watches nothing is not seen to serve by any look.
#[test]
fn another_look_may_show_that_a_holder_which_watches_the_connection_serves_it() {
    let needed = |watches, serving| {
        let holding = Some(held_by(vec![Holder { watches, serving, ..holder(100) }]));
        let only = Session { holding, ..session(10, "S", &["A"]) };
        let look = inventory(vec![only], vec![process(11, &["S/A"])]);
        judged(&look)[0].may_need_another_look
    };
    assert!(!needed(true, Some(true)));
    assert!(needed(true, Some(false)));
    assert!(needed(true, None), "the system may not tell what its threads wait on");
    assert!(!needed(false, None));
}

#[test]
fn a_process_that_a_session_which_cannot_be_read_may_have_is_no_leftover() {
    let other = Session { holding: Some(alone()), ..session(19, "T", &["B"]) };
    let mut look = inventory(vec![other], vec![left_behind()]);
    registered(&mut look, &[gone(10, None, Some(6))]);
    assert_eq!(verdicts(&look)[1], Verdict::Stale(StaleReason::Leftover));
    look.sessions[0].readable = false;
    look.sessions[0].components.clear();
    assert_eq!(verdicts(&look), [Verdict::Unknown; 2], "it may have registered S/A again");
}

#[test]
fn units_that_an_older_process_owns_make_both_unknown() {
    let mut look = inventory(vec![session(990, "S", &["A"])], vec![process(20, &["S/A"])]);
    registered(&mut look, &[gone(10, None, Some(6))]);
    assert_eq!(verdicts(&look), [Verdict::Unknown, Verdict::Unknown]);
    let cases = judged(&look);
    let collisions = judge::collisions::among(&look, &cases);
    assert_eq!(collisions.len(), 1);
    assert_eq!(collisions[0].held_by, [look.sessions[0].id, look.processes[0].id]);
}

fn drop_of(inventory: &Inventory, case: &Case, warrant: Warrant) -> Option<DropTarget> {
    Planner::new(inventory, &Held::new()).plan(case, warrant)
}

#[test]
fn only_what_two_looks_in_a_row_settle_needs_no_further_look() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(20, &["S/A"])]);
    let shown = verdicts_by_case(&judged(&look));
    let with = |verdict| Verdicts::from([(look.sessions[0].id, verdict)]);
    let (suspect, unknown) =
        (with(Verdict::Suspect(SuspectReason::NeverStarted)), with(Verdict::Unknown));
    let link = look.sessions[0].link.as_mut().expect("it is known");
    (link.established, link.handled) = (Some(false), false);
    let cases = judged(&look);
    let (proven, gone) = (verdicts_by_case(&cases), Verdicts::new());
    let condemned = Condemned::proven(&cases[0]).expect("a ghost is dead");
    assert!(condemned.is_settled(&proven, &proven));
    assert!(!condemned.is_settled(&proven, &shown));
    assert!(!condemned.is_settled(&shown, &proven));
    assert!(condemned.is_settled(&proven, &gone), "it is gone");
    let suspicion = Warrant::Suspicion(SuspectReason::NeverStarted);
    let suspected = Condemned { warrant: suspicion, ..condemned };
    assert!(suspected.is_settled(&suspect, &suspect));
    assert!(suspected.is_settled(&suspect, &shown), "it is live");
    assert!(!suspected.is_settled(&suspect, &unknown));
    assert!(!suspected.is_settled(&unknown, &suspect));
    assert!(suspected.is_settled(&unknown, &gone), "it is gone");
    let forced = Condemned { warrant: Warrant::Force, ..suspected };
    assert!(forced.is_settled(&shown, &unknown));
}

fn endpoint(second: u64, number: u8, host: &str, kind: EndpointKind) -> Endpoint {
    let id = id(second, number);
    let peer = Some(SocketAddr::new(host.parse().expect("an address"), 4711));
    Endpoint {
        id,
        created: minted(id),
        link: Link { peer, ..link() },
        listens: None,
        sent: None,
        kind,
    }
}

fn publishes(topic: &str) -> EndpointKind {
    EndpointKind::Publisher(topic.into())
}

fn subscribes(topic: &str) -> EndpointKind {
    EndpointKind::Subscriber(topic.into())
}

/// Each client with the pid that holds its connection.
fn held(clients: &[(Uuid, u32)]) -> Held {
    let holding =
        |pid: u32| Holding { holders: vec![holder(pid)], unsure: None, ..Holding::default() };
    clients.iter().map(|(client, pid)| (*client, holding(*pid))).collect()
}

#[test]
fn a_drop_takes_what_its_processes_made_and_no_tap() {
    let mut look =
        inventory(vec![session(10, "S", &["A", "B"])], vec![process(20, &["S/A", "S/B"])]);
    look.processes[0].ping = Ping::Silent;
    let own_publisher = endpoint(15, 3, "10.0.0.7", publishes("S/A/OUTPUT"));
    let own_subscriber = endpoint(16, 4, "10.0.0.7", subscribes("S/B/INPUT"));
    let channel = endpoint(17, 5, "10.0.0.9", EndpointKind::Channel(own_publisher.id));
    let (publisher, subscriber, channel_id) = (own_publisher.id, own_subscriber.id, channel.id);
    look.endpoints = Some(vec![
        own_publisher,
        own_subscriber,
        channel,
        endpoint(15, 6, "10.0.0.7", subscribes("S/A/OUTPUT")),
        endpoint(15, 7, "10.0.0.9", subscribes("S/B/INPUT")),
        endpoint(9, 8, "10.0.0.7", subscribes("S/B/INPUT")),
        endpoint(21, 9, "10.0.0.7", subscribes("S/B/INPUT")),
        endpoint(15, 10, "10.0.0.7", publishes("T/A/OUTPUT")),
        endpoint(18, 11, "10.0.0.9", EndpointKind::Channel(id(15, 10))),
    ]);
    let cases = judged(&look);
    let warrant = Warrant::of(cases[0].verdict).expect("it is suspect");
    let plan = drop_of(&look, &cases[0], warrant).expect("the warrant is its own");
    assert_eq!(plan.taken.session, Some(look.sessions[0].id));
    assert_eq!(plan.taken.processes, [look.processes[0].id]);
    assert_eq!(plan.taken.publishers, [publisher]);
    assert_eq!(plan.taken.subscribers, [subscriber]);
    assert_eq!(plan.taken.channels, [channel_id]);
    assert_eq!(plan.keys, digest(plan.id, vec!["S/B", "S", "S/A"]), "in whatever order");
    assert_eq!(plan.known.len(), 5, "taps on its inputs are known, and stay");
}

/// A tap came between the phantom's own subscriber and the registration of its process.
#[test]
fn of_two_candidates_neither_goes_unless_it_is_seen_which_process_holds_them() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(20, &["S/A"])]);
    let its_own = endpoint(15, 3, "10.0.0.7", subscribes("S/A/INPUT"));
    let tap = endpoint(16, 4, "10.0.0.7", subscribes("S/A/INPUT"));
    let (its_own_id, tap_id, process_id) = (its_own.id, tap.id, look.processes[0].id);
    look.endpoints = Some(vec![its_own, tap]);
    let cases = judged(&look);
    let plan = |held: &Held| {
        let planner = Planner::new(&look, held);
        let plan = planner.plan(&cases[0], Warrant::Force).expect("force needs no proof");
        (plan.taken.subscribers, planner.left_alone(&cases[0]))
    };
    let undecided =
        "2 clients on S/A/INPUT, which may belong to pid 100 on lab or to another program";
    assert_eq!(plan(&Held::new()), (vec![], vec![undecided.to_owned()]));
    let all = held(&[(process_id, 100), (its_own_id, 100), (tap_id, 200)]);
    assert_eq!(plan(&all), (vec![its_own_id], vec![]));
    let only_the_tap = held(&[(process_id, 100), (tap_id, 200)]);
    let unseen = "1 client on S/A/INPUT, which may belong to pid 100 on lab or to another program";
    assert_eq!(plan(&only_the_tap), (vec![], vec![unseen.to_owned()]), "the tap is not reported");
    let same_program = held(&[(process_id, 100), (its_own_id, 100), (tap_id, 100)]);
    assert_eq!(plan(&same_program), (vec![], vec![undecided.to_owned()]));
}

#[test]
fn a_topic_that_another_session_registered_is_not_attributed_by_its_name() {
    let both = vec![session(10, "S", &["A"]), session(12, "T", &["A"])];
    let mut look = inventory(both, vec![process(20, &["S/A"])]);
    let streams = Streams { inputs: vec!["S/A/INPUT".into()], outputs: vec![] };
    look.sessions[1].components[1].streams = Some(Box::new(streams));
    let only = endpoint(15, 3, "10.0.0.7", subscribes("S/A/INPUT"));
    let (only_id, process_id) = (only.id, look.processes[0].id);
    look.endpoints = Some(vec![only]);
    let cases = judged(&look);
    let taken = |held: &Held| Planner::new(&look, held).would_take(&cases[0]).expect("endpoints");
    assert_eq!(taken(&Held::new()).subscribers, [] as [Uuid; 0]);
    let seen = held(&[(process_id, 100), (only_id, 100)]);
    assert_eq!(taken(&seen).subscribers, [only_id]);
}

#[test]
fn what_an_heir_of_the_registration_made_later_is_its_own() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(20, &["S/A"])]);
    let before = endpoint(15, 3, "10.0.0.7", subscribes("S/A/INPUT"));
    let later = endpoint(30, 4, "10.0.0.7", subscribes("S/A/INPUT"));
    let process_id = look.processes[0].id;
    let mut taken_by = |endpoint: &Endpoint, pid: u32| {
        look.endpoints = Some(vec![endpoint.clone()]);
        let all = held(&[(process_id, pid), (endpoint.id, pid)]);
        let cases = judged(&look);
        Planner::new(&look, &all).would_take(&cases[0]).expect("endpoints").subscribers
    };
    let (registered, heir) = (100, 200);
    assert_eq!(taken_by(&later, registered), [later.id]);
    assert_eq!(taken_by(&before, heir), [before.id]);
    assert_eq!(taken_by(&later, heir), [] as [Uuid; 0]);
}

/// A process that inherited a connection did not make it: that of its parent is older.
#[test]
fn an_inherited_connection_belongs_to_the_process_that_made_it() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(20, &["S/A"])]);
    let parents = endpoint(15, 3, "10.0.0.7", subscribes("S/A/INPUT"));
    let (parents_id, process_id) = (parents.id, look.processes[0].id);
    look.endpoints = Some(vec![parents]);
    let mut both = held(&[(process_id, 100), (parents_id, 100)]);
    let inherited = both.get_mut(&parents_id).expect("it is held");
    inherited.holders.push(holder(50));
    let cases = judged(&look);
    let taken = Planner::new(&look, &both).would_take(&cases[0]).expect("endpoints");
    assert_eq!(taken.subscribers, [] as [Uuid; 0]);
}

#[test]
fn an_endpoint_whose_holder_cannot_be_seen_stays_and_is_reported() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(20, &["S/A"])]);
    let publisher = endpoint(15, 3, "10.0.0.7", publishes("S/A/OUTPUT"));
    let seen = held(&[(look.processes[0].id, 100)]);
    look.endpoints = Some(vec![publisher]);
    let cases = judged(&look);
    let planner = Planner::new(&look, &seen);
    let taken = planner.would_take(&cases[0]).expect("endpoints");
    assert_eq!(taken.publishers, [] as [Uuid; 0]);
    let left = planner.left_alone(&cases[0]);
    assert!(matches!(&left[..], [only] if only.contains("S/A/OUTPUT")), "{left:?}");
}

/// A leftover S/A, and what it takes of these clients, of which its process is seen to hold some.
fn taken_by_a_leftover(endpoints: &[Endpoint], own: &[Uuid]) -> (Vec<Uuid>, Vec<Uuid>) {
    let mut look = inventory(vec![], vec![left_behind()]);
    registered(&mut look, &[gone(10, None, Some(6))]);
    look.endpoints = Some(endpoints.to_vec());
    let own = own.iter().map(|id| (*id, 100));
    let held = if own.len() == 0 {
        Held::new()
    } else {
        held(&own.chain([(look.processes[0].id, 100)]).collect::<Vec<_>>())
    };
    let cases = judged(&look);
    let proof = Warrant::Proof(StaleReason::Leftover);
    let plan = Planner::new(&look, &held).plan(&cases[0], proof).expect("the warrant is its own");
    assert_eq!((plan.id, plan.taken.session), (look.processes[0].id, None));
    (plan.taken.publishers, plan.taken.subscribers)
}

#[test]
fn a_leftover_takes_its_own_streams_and_none_of_a_pipeline_below_its_key() {
    let publisher = endpoint(15, 3, "10.0.0.7", publishes("S/A/OUTPUT"));
    let subscriber = endpoint(16, 4, "10.0.0.7", subscribes("S/A/INPUT"));
    let (publisher_id, subscriber_id) = (publisher.id, subscriber.id);
    let all = [
        publisher,
        subscriber,
        endpoint(14, 5, "10.0.0.7", subscribes("S/A/OUTPUT")),
        endpoint(9, 7, "10.0.0.7", subscribes("S/A/INPUT")),
        endpoint(15, 8, "10.0.0.7", subscribes("S/AB/INPUT")),
        endpoint(15, 9, "10.0.0.7", publishes("S/A/SRC/OUTPUT")),
    ];
    let own = taken_by_a_leftover(&all, &[publisher_id, subscriber_id]);
    assert_eq!(own, (vec![publisher_id], vec![subscriber_id]));
}

/// Its streams are not known any more, so the one client on a topic below its unit may be of any program.
#[test]
fn a_leftover_takes_nothing_where_holders_are_not_seen() {
    let publisher = endpoint(15, 3, "10.0.0.7", publishes("S/A/OUTPUT"));
    assert_eq!(taken_by_a_leftover(&[publisher], &[]), (vec![], vec![]));
}

#[test]
fn a_process_that_serves_another_session_too_stays() {
    let both = vec![session(10, "S", &["A"]), session(11, "T", &["B"])];
    let look = inventory(both, vec![process(20, &["S/A", "T/B"])]);
    let plan = drop_of(&look, &judged(&look)[0], Warrant::Force).expect("force needs no proof");
    assert_eq!(plan.owners, [look.processes[0].id]);
    assert_eq!(plan.taken.processes, [] as [Uuid; 0]);
}

#[test]
fn a_session_without_owners_takes_nobody_along() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![]);
    look.endpoints =
        Some(vec![endpoint(9, 3, "10.0.0.7", EndpointKind::Subscriber("S/A/INPUT".into()))]);
    let cases = judged(&look);
    let suspicion = Warrant::Suspicion(SuspectReason::NeverStarted);
    let plan = drop_of(&look, &cases[0], suspicion).expect("the warrant is its own");
    let taken = (plan.taken.processes, plan.taken.publishers, plan.taken.subscribers);
    assert_eq!(taken, (vec![], vec![], vec![]));
}

#[test]
fn no_warrant_but_force_drops_what_is_not_condemned() {
    let live = inventory(vec![session(10, "S", &["A"])], vec![process(11, &["S/A"])]);
    let cases = judged(&live);
    assert_eq!(Warrant::of(cases[0].verdict), None);
    for warrant in
        [Warrant::Proof(StaleReason::Headless), Warrant::Suspicion(SuspectReason::Partial)]
    {
        assert_eq!(drop_of(&live, &cases[0], warrant), None);
    }
    assert!(drop_of(&live, &cases[0], Warrant::Force).is_some());
    let dead = inventory(vec![session(10, "S", &["A"])], vec![]);
    let other = Warrant::Proof(StaleReason::Headless);
    assert_eq!(drop_of(&dead, &judged(&dead)[0], other), None, "it is dead for another reason");
}

fn kinds(inventory: &Inventory) -> Vec<(&'static str, String, usize)> {
    let collisions = judge::collisions::among(inventory, &judged(inventory));
    collisions.into_iter().map(|it| (it.kind.name(), it.key, it.held_by.len())).collect()
}

#[test]
fn a_key_on_two_sessions_collides_and_with_it_what_it_publishes() {
    let look = inventory(vec![session(10, "S", &["A"]), session(20, "S", &["A"])], vec![]);
    let topic = ("topic", "S/A/OUTPUT".to_owned(), 2);
    let component = |key: &str| ("component", key.to_owned(), 2);
    assert_eq!(kinds(&look), [component("S"), component("S/A"), topic]);
}

#[test]
fn two_sessions_that_publish_one_topic_collide() {
    let mut look = inventory(vec![session(10, "S", &["A"]), session(20, "T", &["A"])], vec![]);
    assert_eq!(kinds(&look), []);
    let publishes = Streams { inputs: vec![], outputs: vec!["S/A/OUTPUT".into()] };
    look.sessions[1].components[1].streams = Some(Box::new(publishes));
    assert_eq!(kinds(&look), [("topic", "S/A/OUTPUT".to_owned(), 2)]);
}

#[test]
fn a_unit_of_a_session_collides_with_a_process_of_another_or_of_none() {
    let mut look = inventory(vec![session(10, "S", &["A"])], vec![process(5, &["S/A"])]);
    assert_eq!(kinds(&look), [("unit", "S/A".to_owned(), 2)]);
    look.processes = vec![process(11, &["S/A"])];
    assert_eq!(kinds(&look), []);
    look.sessions.push(session(20, "T", &["B"]));
    look.processes = vec![process(11, &["S/A", "T/B"])];
    assert_eq!(kinds(&look), [("unit", "T/B".to_owned(), 2)], "it was there before T");
}
