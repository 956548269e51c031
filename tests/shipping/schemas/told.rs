//! All that graphctl tells of it in JSON.

use std::io::{self, Write};

use graphctl::judge::{Collision, Wanted};
use graphctl::look::Look;
use graphctl::model::{LockHolder, Server};
use graphctl::reap::Report;
use graphctl::render::json::{self, Author, Hindrance, Left, Ran};
use serde_json::Value;

use super::every::{
    SECOND, blind, blind_server, collisions, events, heirs, locks, look, missing, reports, targets,
};
use crate::lab::schemas;
use crate::made_up::{LOOK, at, inventory};

type Out<'a> = &'a mut dyn Write;

/// The documents that are written, each of which keeps to a schema.
fn told(write: impl FnOnce(Out) -> io::Result<()>) -> Vec<Value> {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("memory takes everything");
    schemas::documents(&String::from_utf8(bytes).expect("JSON is text"))
}

fn lists() -> Vec<Value> {
    let of = |look: Look| {
        let cases: Vec<_> = look.cases.iter().collect();
        let lines = told(|out| json::list_lines(out, &look, &cases));
        [told(|out| json::list(out, &look, &cases)), lines].concat()
    };
    [look(), blind()].map(of).concat()
}

fn drops() -> Vec<Value> {
    let author = |text: Option<&str>| Author {
        why: text.map(str::to_owned),
        user: text.map(str::to_owned),
        host: text.map(str::to_owned),
        pid: 1,
    };
    let of = |report: Report| {
        let audit = [None, Some("text")].map(|text| {
            let lines =
                json::audit_lines(&report, at(LOOK), &author(text)).collect::<Result<Vec<_>, _>>();
            told(|out| out.write_all(&lines?.concat()))
        });
        let documents = [None, Some("text")].map(|why| told(|out| json::report(out, &report, why)));
        [documents.concat(), audit.concat(), told(|out| json::report_lines(out, &report))].concat()
    };
    reports().into_iter().flat_map(of).collect()
}

fn keys() -> Vec<Value> {
    let wanted = Wanted { keys: vec!["A".into()], roots: vec!["B".into()] };
    let servers = [inventory(vec![], vec![]).server, blind_server()];
    let of = |server: Server| {
        let wait = |it| told(|out| json::wait(out, &server, &wanted, it, SECOND));
        let check = |it: &[Collision]| told(|out| json::check(out, &server, it));
        let waits = [wait(Hindrance::Free(&collisions())), wait(Hindrance::Live(&missing()))];
        [waits.concat(), check(&collisions()), check(&[])].concat()
    };
    servers.map(of).concat()
}

fn statuses() -> Vec<Value> {
    let held = |lock: Option<LockHolder>| {
        let mut inventory = look().inventory;
        let process = inventory.server.process.as_mut().expect("it is known");
        (process.lock_held, process.lock_holder) = (true, lock);
        inventory
    };
    let locks = locks().into_iter().map(Some).chain([None]).map(held);
    let all = locks.chain([blind().inventory]);
    all.flat_map(|it| told(|out| json::status(out, &it))).collect()
}

fn runs() -> Vec<Value> {
    let reaped = targets();
    let ran = |exit_code, signal, reaped| Ran {
        address: "lab:25978",
        command: &[],
        exit_code,
        signal,
        reaped,
    };
    let left = || Left {
        heirs: heirs(),
        targets: targets(),
        collisions: collisions(),
        detail: Some("it is made up".into()),
    };
    let run = |ran, left| told(|out| json::run(out, &ran, &left));
    let nothing = run(ran(Some(3), None, None), Left::default());
    [nothing, run(ran(None, Some(9), Some(&reaped)), left())].concat()
}

/// All of it.
pub(super) fn documents() -> Vec<Value> {
    let (events, address) = (events(), "lab:25978");
    let event = |(it, why)| told(|out| json::event(out, address, why, it));
    let whys = [None, Some("text")].into_iter().cycle();
    let events = events.iter().zip(whys).flat_map(event).collect();
    [lists(), drops(), keys(), statuses(), runs(), events].concat()
}
