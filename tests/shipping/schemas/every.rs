//! Something of everything that graphctl may come to know: each variant of each enum, each field with a value and
//! without.

use std::sync::Arc;
use std::time::{Duration, Instant};

use graphctl::admin::Unconfirmed;
use graphctl::host::{Ended, Held};
use graphctl::judge::{
    Case, Collision, CollisionKind, Gaps, Lack, LastMessage, Missing, StaleReason, Subject,
    SuspectReason, Verdict,
};
use graphctl::look::Look;
use graphctl::model::{
    Channel, Family, Frame, Holder, Holding, Inventory, LockHolder, Member, Ping, Process, SeenBy,
    Server, Session, Stacks, StacksError, Thread, WaitsFor,
};
use graphctl::reap::heirs::Obstacle;
use graphctl::reap::{Extent, Freed, Heir, HeirEnd, Outcome, Report, Target};
use graphctl::watch::event::{About, Event, What};

use crate::made_up::{LOOK, at, id, inventory, process, session};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// Something of each variant of an enum: where one is missing, this does not compile.
macro_rules! every {
    ($enum:ident: $($variant:ident),+) => {
        every!($enum: $($variant => $enum::$variant),+)
    };
    ($enum:ident: $($variant:ident => $of:expr),+) => {{
        let _ = |it: &$enum| match it { $($enum::$variant { .. })|+ => () };
        [$($of),+]
    }};
}

pub(super) fn verdicts() -> Vec<Verdict> {
    let stale = every!(StaleReason: Ghost, ClientClosed, Headless, HalfOpen, StartFailed, Abandoned, Leftover);
    let suspect = every!(SuspectReason: Unresponsive, Partial, NeverStarted);
    every!(Verdict:
        Live => vec![Verdict::Live],
        Starting => vec![Verdict::Starting],
        Observer => vec![Verdict::Observer],
        Stale => stale.map(Verdict::Stale).to_vec(),
        Suspect => suspect.map(Verdict::Suspect).to_vec(),
        Unknown => vec![Verdict::Unknown]
    )
    .concat()
}

pub(super) fn outcomes() -> [Outcome; 6] {
    every!(Outcome: Dropped, WouldDrop, AlreadyGone, Refused, Changed, Failed)
}

pub(super) fn collisions() -> Vec<Collision> {
    let kinds = every!(CollisionKind: Component, Unit, Topic).into_iter();
    kinds.map(|kind| Collision { kind, key: "A".into(), held_by: vec![id(1, 1)] }).collect()
}

pub(super) fn locks() -> Vec<LockHolder> {
    let kinds = every!(WaitsFor: Publisher, Subscriber, Process, Client).into_iter();
    let peer = |it| Some(("10.0.0.7".into(), it));
    let known = kinds.map(|waits_for| LockHolder {
        request: "SYNC".into(),
        by: Some(id(1, 1)),
        by_peer: peer(1),
        asked_ms: Some(20_000),
        waits_for,
        client: Some(id(1, 2)),
        peer: peer(2),
        gone: false,
        topic: Some("T".into()),
    });
    let mut locks: Vec<_> = known.collect();
    locks.push(LockHolder {
        by: None,
        by_peer: None,
        asked_ms: None,
        client: None,
        peer: None,
        topic: None,
        ..locks[0].clone()
    });
    locks
}

pub(super) fn processes() -> Vec<Process> {
    let pings = every!(Ping:
        NotAsked => Ping::NotAsked,
        Answered => Ping::Answered(Some(SECOND)),
        Heard => Ping::Heard,
        Silent => Ping::Silent,
        Blocked => Ping::Blocked,
        Failed => Ping::Failed("handler_error".into())
    );
    let asked = pings.into_iter().map(|ping| Process { ping, ..process(2, &["A/B"]) });
    asked.chain([Process { pid: None, host: None, ..process(3, &[]) }]).collect()
}

pub(super) fn sessions() -> Vec<Session> {
    let holder = |serving| Holder {
        own_pid: 7,
        start: 1,
        parent: 1,
        age: SECOND,
        command: "python".into(),
        state: 'S',
        serving,
        lives_elsewhere: true,
        ..Holder::known_by_pid(1)
    };
    let holders = vec![holder(Some(true)), holder(None)];
    let by = every!(SeenBy: Graphctl, Server);
    let held = by.map(|seen_by| Some(Holding { holders: holders.clone(), unsure: None, seen_by }));
    let sessions = held.map(|holding| Session {
        root: Some("A".into()),
        holding,
        family: Some(family(&holders[0])),
        ..session(1, "A", &["B"])
    });
    sessions.into_iter().chain([Session { link: None, ..session(1, "C", &[]) }]).collect()
}

/// A process of which the stacks were read, and others of which they were not.
fn family(process: &Holder) -> Family {
    let frame = Frame { function: "start".into(), file: "rig.py".into(), line: 1 };
    let named = Thread { id: Some(1), name: Some("MainThread".into()), frames: vec![frame] };
    let read = Stacks {
        python: "3.13.0".into(),
        ezmsg: Some("3.9.0".into()),
        threads: vec![named, Thread::default()],
    };
    let bare = Stacks { ezmsg: None, ..read.clone() };
    let errors = every!(StacksError:
        NotPython => StacksError::NotPython,
        Forbidden => StacksError::Forbidden,
        Gone => StacksError::Gone,
        Failed => StacksError::Failed("it is made up".into())
    );
    let errors = errors.into_iter().map(Err);
    let stacks = [read, bare].map(|it| Ok(Arc::new(it))).into_iter().chain(errors);
    let member = |stacks| Member::new(process.clone(), true, stacks);
    Family { members: stacks.map(member).collect(), unsure: None }
}

/// Everything that the server may hold, judged in every way.
pub(super) fn look() -> Look {
    let inventory = inventory(sessions(), processes());
    let case = |subject, verdict| Case {
        id: id(1, 1),
        subject,
        verdict,
        evidence: vec!["it is made up".into()],
        owners: vec![],
        age: Some(SECOND),
        last_control: Some(at(LOOK - 1)),
        last_message: LastMessage::At(at(LOOK - 1)),
        rate: Some(1.0),
        messages: None,
        may_have_vanished: false,
        may_need_another_look: false,
        ends_with_lock: false,
        gaps: Gaps::default(),
    };
    let mut cases: Vec<_> =
        verdicts().into_iter().map(|verdict| case(Subject::Session(0), verdict)).collect();
    let bare = |subject| Case {
        age: None,
        last_control: None,
        last_message: LastMessage::Unknown,
        rate: None,
        ..case(subject, Verdict::Unknown)
    };
    cases[0].owners = (0..inventory.processes.len()).collect();
    cases.extend([1, 2].map(|session| bare(Subject::Session(session))));
    cases.push(bare(Subject::Process(0)));
    let (taken, took) = (Instant::now(), Duration::ZERO);
    let (held, clock) = (Held::new(), Duration::ZERO);
    Look { cases, collisions: collisions(), held, taken, clock, took, inventory }
}

/// As without the admin channel.
pub(super) fn blind() -> Look {
    let mut look = look();
    look.inventory = Inventory { endpoints: None, server: blind_server(), ..look.inventory };
    look
}

pub(super) fn blind_server() -> Server {
    let server = inventory(vec![], vec![]).server;
    Server { channel: Channel::Snapshot, process: None, ..server }
}

pub(super) fn heirs() -> Vec<Heir> {
    let why = || "it is made up".to_owned();
    let ended = every!(Ended:
        Terminated => Ended::Terminated,
        Stayed => Ended::Stayed,
        Killed => Ended::Killed,
        AlreadyGone => Ended::AlreadyGone,
        Failed => Ended::Failed(why())
    );
    let ends = every!(HeirEnd:
        Would => vec![HeirEnd::Would],
        Spared => vec![HeirEnd::Spared(Obstacle::StillWrites)],
        Running => vec![HeirEnd::Running(None), HeirEnd::Running(Some(Obstacle::MayBeOpener))],
        Elsewhere => vec![HeirEnd::Elsewhere],
        Ended => ended.map(HeirEnd::Ended).to_vec()
    );
    let holder = sessions()[0].holding.clone().expect("it is held").holders.remove(0);
    ends.concat()
        .into_iter()
        .map(|end| Heir { process: holder.clone(), end, released: true })
        .collect()
}

pub(super) fn targets() -> Vec<Target> {
    let of = |verdict, outcome| Target {
        verdict: Some(verdict),
        rate: Some(1.0),
        age: Some(SECOND),
        components: vec!["A".into()],
        detail: Some("it is made up".into()),
        outcome,
        ..Target::gone(id(1, 1))
    };
    let judged = verdicts().into_iter().map(|verdict| of(verdict, Outcome::Dropped));
    let ended = outcomes().into_iter().map(|outcome| of(Verdict::Live, outcome));
    let others = [
        Target::gone(id(1, 1)),
        Target {
            leftover: true,
            left_alone: vec!["2 clients on T".into()],
            heirs: heirs(),
            ..Target::gone(id(1, 1))
        },
    ];
    judged.chain(ended).chain(others).collect()
}

pub(super) fn reports() -> Vec<Report> {
    let extent = Extent { dry_run: false, kill: true, free: true };
    let plain = Report::new(inventory(vec![], vec![]).server, extent, targets());
    let freed = outcomes().map(|outcome| Freed {
        holder: locks().remove(0),
        outcome,
        detail: Some("it is made up".into()),
    });
    let of = |freed| Report {
        lock: Some(freed),
        expected_freeze: Some(SECOND),
        unconfirmed: vec![Unconfirmed { id: id(1, 1), topic: "T".into() }],
        ..Report::new(inventory(vec![], vec![]).server, extent, vec![])
    };
    freed.into_iter().map(of).chain([plain]).collect()
}

pub(super) fn events() -> Vec<Event> {
    let about = |verdict, age| About {
        id: id(1, 1),
        leftover: false,
        verdict,
        evidence: vec!["it is made up".into()],
        components: vec!["A".into()],
        age,
    };
    let all = || verdicts().into_iter().map(|it| about(it, Some(SECOND)));
    let each =
        |what: fn(About) -> What| all().chain([about(Verdict::Live, None)]).map(what).collect();
    let lost = What::ServerLost { detail: "it is made up".into() };
    let back = |restarted| What::ServerBack { restarted, lost_for: SECOND };
    let whats: [Vec<What>; 6] = every!(What:
        Appeared => each(What::Appeared),
        Changed => each(|about| What::Changed { was: about.verdict, about }),
        Gone => each(|about| What::Gone(About { leftover: true, ..about })),
        Dropped => targets().into_iter().map(|it| What::Dropped(Box::new(it))).collect(),
        ServerLost => vec![lost],
        ServerBack => vec![back(Some(true)), back(None)]
    );
    whats.into_iter().flatten().map(|what| Event { time: at(LOOK), what }).collect()
}

pub(super) fn missing() -> Vec<Missing> {
    let lacks = every!(Lack:
        Unregistered => Lack::Unregistered,
        NothingBelow => Lack::NothingBelow,
        Unowned => Lack::Unowned,
        Foreign => Lack::Foreign(id(1, 1)),
        Silent => Lack::Silent(id(1, 1)),
        Dead => Lack::Dead(id(1, 1), Verdict::Unknown)
    );
    lacks.map(|lack| Missing { key: "A".into(), lack }).to_vec()
}
