//! What graphctl makes of servers that greet, answer or go silent as no GraphServer should.

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::dialogue::{
    ABSURD, BLIND_LIST, EMPTY, LIST, NOT_ONE, ONE_PROCESS, SESSION, SOON, admin, fails, greeted,
    late, opening, refused, snapshot, wrong,
};
use crate::fake::Step::{Connected, Expect, Gone, Hold, Send, Trickle};
use crate::fake::{Fake, SESSION_ID, block, frame, graphctl, session_reply};
use crate::lab::{self, OrphanedPort, PATIENCE, Server};
use crate::run::{GRAPHCTL, expect};
use crate::stage::network;

#[test]
fn nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let hint = "hint: start one with `python -m ezmsg.core serve --address ADDRESS`, or name another \
                with --address or EZMSG_GRAPHSERVER_ADDR\n";
    let refused = "error: no GraphServer at ADDRESS: Connection refused (os error 111)\n";
    for arguments in [LIST, BLIND_LIST, &["sessions", "reap"], &["server", "status"]] {
        fails(&graphctl(&address, arguments), 69, &format!("{refused}{hint}"));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_port_that_never_greets_is_told_with_its_holder() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let run = graphctl(&address, &[SOON, "sessions", "list"]);
    let pid = format!("pid {} (", std::process::id());
    assert!(run.stderr.contains(&pid), "{run:#?}");

    let command = std::env::args().collect::<Vec<_>>().join(" ");
    let short: String = command.chars().take(80).collect();
    let cut = if short == command { "" } else { "…" };
    let holder = format!("pid N ({short}{cut})");
    let mut run = run.redacted();
    // A child of another test holds our listener too until it has become another program.
    while run.stderr.contains(&format!("{holder}, {holder}")) {
        run.stderr = run.stderr.replace(&format!("{holder}, {holder}"), &holder);
    }
    let state = if run.stderr.contains("which is running") { "running" } else { "sleeping" };
    let silent = "error: ADDRESS accepts connections but does not greet (waited 300ms)";
    let hint = format!(
        "hint: its listening socket is held by {holder} which is {state}; a busy server greets late, \
         so try again with a longer --timeout, and see what it does with `ps -fp {}`",
        std::process::id()
    );
    fails(&run, 69, &format!("{silent}\n{hint}\n"));
}

/// `pid N (COMMAND)` of a real server.
#[cfg(target_os = "linux")]
fn name_of(server: &Server) -> String {
    let pid = server.pid();
    let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("it is running");
    let command = command.trim_end_matches('\0').replace('\0', " ");
    let short: String = command.chars().take(80).collect();
    let cut = if short == command { "" } else { "…" };
    format!("pid {pid} ({short}{cut})")
}

/// Stops a server, and waits until its state shows that.
#[cfg(target_os = "linux")]
fn stop(server: &Server) {
    server.signal("STOP");
    let is_stopped = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid()));
        stat.expect("it is running").contains(") T ")
    };
    let deadline = Instant::now() + PATIENCE;
    while !is_stopped() {
        assert!(Instant::now() < deadline, "the server is not stopped");
        std::thread::yield_now();
    }
}

/// The kernel accepts connections for a stopped process.
#[test]
#[cfg(target_os = "linux")]
fn a_stopped_server_is_reported_as_stopped_and_continues() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    let (name, pid) = (name_of(&server), server.pid());
    stop(&server);
    let advice = format!("to continue it: kill -CONT {pid}\n");
    let told = format!("error: the server at ADDRESS is stopped: {name}\nhint: {advice}");
    for arguments in [LIST, BLIND_LIST, &["sessions", "reap"], &["server", "status"]] {
        fails(&graphctl(server.address(), &[&[SOON], arguments].concat()), 69, &told);
    }

    let _queued = fill_queue(server.address());
    let hint = format!("hint: its listening socket is held by {name} which is stopped; {advice}");
    let told = format!(
        "error: the server at ADDRESS does not accept connections: its queue is full\n{hint}"
    );
    for arguments in [LIST, BLIND_LIST, &["sessions", "reap"], &["server", "status"]] {
        fails(&graphctl(server.address(), &[&[SOON], arguments].concat()), 75, &told);
    }
    let named = server.address().replace("127.0.0.1", "localhost");
    let run = graphctl(&named, &[&[SOON], LIST].concat());
    assert_eq!(run.code, 75, "{run:#?}");
    assert!(run.stderr.ends_with(&hint), "{run:#?}");

    server.signal("CONT");
    expect(&graphctl(server.address(), LIST), 0, EMPTY, "");
}

/// Connects until the kernel accepts no more.
#[cfg(target_os = "linux")]
fn fill_queue(address: &str) -> Vec<TcpStream> {
    let address = address.parse().expect("an address");
    let at_once = Duration::from_millis(500);
    std::iter::from_fn(|| TcpStream::connect_timeout(&address, at_once).ok()).take(4096).collect()
}

/// The program whose queue is full is running: it is not advised to end or to continue it.
#[test]
#[cfg(target_os = "linux")]
fn a_server_that_is_too_busy_to_accept_is_reported_with_its_state() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let _queued = fill_queue(&address);
    let run = graphctl(&address, &[SOON, "sessions", "list"]);
    let full = "does not accept connections: its queue is full\nhint: its listening socket is held by pid ";
    assert!(run.code == 75 && run.stderr.contains(full), "{run:#?}");
    assert!(!run.stderr.contains("kill") && !run.stderr.contains("end it"), "{run:#?}");
}

/// A network that loses everything: nothing is known of the server.
#[test]
#[cfg(target_os = "linux")]
fn a_server_elsewhere_that_does_not_answer_is_not_called_absent() {
    let Some(network) = network() else { return };
    let server = Server::start_in(&network, &lab::ezmsg("3.9.0"));
    network.cut();
    let mut command = network.client_side().command(GRAPHCTL);
    command.args(["--address", server.address(), SOON, "sessions", "list"]);
    let output = command.output().expect("graphctl starts");
    let told = format!(
        "error: nothing at {} answered a connection within 300ms\n\
         hint: check --address and the network to that host; if the server runs, `ss -ltn` on its machine \
         shows whether its queue is full (Recv-Q above Send-Q)\n",
        server.address()
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), told);
    assert_eq!(output.status.code(), Some(69));
}

/// Who listens on the same port of another address has nothing to do with it.
#[test]
#[cfg(target_os = "linux")]
fn whoever_listens_elsewhere_on_that_port_is_not_named() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    let port = server.address().rsplit(':').next().expect("a port");
    let beside = TcpListener::bind(format!("127.0.0.2:{port}")).expect("that address is free");
    let address = beside.local_addr().expect("it is bound").to_string();
    let run = graphctl(&address, &[SOON, "sessions", "list"]);
    assert_eq!(run.code, 69, "{run:#?}");
    assert!(run.stderr.contains(&format!("pid {} (", std::process::id())), "{run:#?}");
    assert!(!run.stderr.contains(&format!("pid {} (", server.pid())), "{run:#?}");
}

/// Its backends inherited the listening socket.
#[test]
#[cfg(target_os = "linux")]
fn a_port_of_a_dead_server_is_told_with_the_heirs_that_hold_it() {
    let orphan = OrphanedPort::of(&lab::ezmsg("3.9.0"));
    let run = graphctl(orphan.address(), &[SOON, "sessions", "list"]);
    assert_eq!((run.code, run.stderr.lines().count()), (69, 2), "{run:#?}");
    let hint = run.stderr.lines().nth(1).expect("a hint");
    assert!(hint.starts_with("hint: its listening socket is held by pid "), "{hint}");
    assert!(hint.contains("; a busy server greets late, so try again"), "{hint}");
    for heir in orphan.holders() {
        assert!(hint.contains(&format!("pid {heir} (")), "{hint}");
    }
}

#[test]
fn another_program_is_not_taken_for_a_server() {
    let http = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    for greeting in [
        http,
        b"\x8f\xfe\x03\xaa\x99\x10\xc4\x71\x5a\x00\xff\xee".to_vec(),
        ABSURD.to_le_bytes().to_vec(),
        block(b"hello, world"),
        block(b""),
        block(b"\xff\xfe3.9.0"),
    ] {
        for arguments in [LIST, BLIND_LIST] {
            fails(&Fake::start(vec![Send(greeting.clone()), Gone]).run(arguments), 76, NOT_ONE);
        }
    }
}

#[test]
fn servers_from_before_sessions_have_none() {
    for version in ["3.8.0", "3.7.3"] {
        let server = Server::start(&lab::ezmsg(version));
        let none = format!(
            "error: the GraphServer at ADDRESS runs ezmsg {version}, which has no sessions\n\
             hint: sessions came with ezmsg 3.9; older servers keep none, so there is nothing to clear\n"
        );
        for arguments in [
            LIST,
            BLIND_LIST,
            &["sessions", "reap"],
            &["sessions", "check", "SYSTEM"],
            &["sessions", "show", "0a"],
            &["sessions", "drop", "0a"],
            &["server", "status"],
        ] {
            fails(&graphctl(server.address(), arguments), 76, &none);
        }
    }
}

/// What that means from a version that has sessions is told of every byte elsewhere.
#[test]
fn who_closes_when_asked_for_a_session_has_none_if_its_version_says_so() {
    let run = Fake::start(greeted("3.8.0", [Expect(SESSION)])).run(LIST);
    assert_eq!(run.code, 76, "{run:#?}");
}

#[test]
fn a_session_reply_of_something_else_is_no_protocol_of_ours() {
    let not_complete = "expected byte 0x00 and got 0x28 while opening a session";
    let announced =
        format!("it announces {ABSURD} bytes while opening a session, and the most is 64");
    for (reply, detail) in [
        ([block(SESSION_ID.as_bytes()), vec![0x28]].concat(), not_complete),
        ([block(b"not-a-uuid"), vec![0]].concat(), "its session id is not a UUID"),
        ([block(b"\xff\xfe"), vec![0]].concat(), "its session id is not a UUID"),
        (ABSURD.to_le_bytes().to_vec(), &announced),
    ] {
        fails(&Fake::start(opening([Send(reply), Gone])).run(LIST), 76, &wrong(detail));
    }
}

/// A client that closes before it has read the reply leaves a ghost on the server for ever.
#[test]
fn a_session_that_is_being_opened_is_never_closed_before_its_reply() {
    // Longer than graphctl takes to hear a signal; shorter than it then waits.
    let a_while = Duration::from_millis(250);
    for (name, code, said) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        for split in [0, 20] {
            let mut first = session_reply();
            let rest = first.split_off(split);
            let script = [Send(first), Hold, Connected(a_while), Send(rest), Gone];
            let fake = Fake::start(opening(script));
            fails(&fake.run_signalled(name, LIST), code, &format!("error: {said}\n"));
        }
    }
}

#[test]
fn a_deadline_that_passes_while_a_session_is_opened_waits_for_the_reply_too() {
    // The deadline passes at 200 ms, and the patience after it at 1200 ms.
    let between = Duration::from_millis(700);
    for arguments in [LIST, BLIND_LIST] {
        let fake = Fake::start(opening([Connected(between), Send(session_reply()), Gone]));
        let run = fake.run(&[&["--timeout=200ms"], arguments].concat());
        fails(&run, 75, &late("200ms", "opening a session"));
    }
}

#[test]
fn a_session_opened_for_a_ping_is_never_closed_before_its_reply() {
    let taken = [Send([block(ONE_PROCESS), vec![0]].concat())];
    let asked = opening([Hold, Connected(Duration::from_millis(250)), Send(session_reply()), Gone]);
    let fake = Fake::start_all(vec![snapshot(taken), asked]);
    fails(&fake.run_signalled("INT", BLIND_LIST), 130, "error: interrupted\n");
}

#[test]
fn a_snapshot_that_makes_no_sense_is_refused() {
    let complete = |pickle: &[u8]| [block(pickle), vec![0]].concat();
    let announced = format!(
        "it announces {ABSURD} bytes while taking a snapshot, and the most is {}",
        256 << 20
    );
    for (reply, detail) in [
        (ABSURD.to_le_bytes().to_vec(), &*announced),
        ([block(ONE_PROCESS), vec![0x28]].concat(), {
            "expected byte 0x00 and got 0x28 while taking a snapshot"
        }),
        (complete(b"\x80\x04N."), "its snapshot is not a GraphSnapshot"),
        (complete(b"\x80\x04]."), "its snapshot is not a GraphSnapshot"),
        (complete(b"\x80\x04cezmsg.core.graphmeta\nGraphSnapshot\n."), {
            "its snapshot has no sessions or no processes"
        }),
        (
            complete(b""),
            "its snapshot cannot be read: pickle is cut short: it ends inside what begins at byte 0",
        ),
        (complete(b"\x80\x04\xff."), "its snapshot cannot be read: unknown opcode 0xff at byte 2"),
        (
            complete(&ONE_PROCESS[..200]),
            "its snapshot cannot be read: pickle is cut short: it ends inside what begins at byte 2",
        ),
    ] {
        fails(&Fake::start(snapshot([Send(reply), Gone])).run(BLIND_LIST), 76, &wrong(detail));
    }
}

#[test]
fn an_admin_program_that_did_not_run_is_told() {
    for reply in [&b"\x00"[..], b"\x28", &[&frame("[]")[..], b"\x00"].concat()] {
        for arguments in [LIST, &["sessions", "reap"], &["server", "status"]] {
            let run = Fake::start(admin([Send(reply.to_vec()), Gone])).run(arguments);
            fails(&run, 77, &refused("it did not run the admin program"));
        }
    }
    let hello = r#"[{"hello":[1.0]}]"#;
    let failed = frame(r#"[{"end":["KeyError: \u001b[31mx\nerror: y"]}]"#);
    let run = Fake::start(admin([Send([frame(hello), vec![0], failed].concat()), Gone])).run(LIST);
    fails(&run, 77, &refused(r"KeyError: \u{1b}[31mx\nerror: y"));
}

#[test]
fn an_admin_reply_that_makes_no_sense_is_refused() {
    let hello = frame(r#"[{"hello":[1.0]}]"#);
    let absurd = [vec![0xe5], ABSURD.to_le_bytes().to_vec()].concat();
    let most = 16 << 20;
    let announced =
        format!("it announces {ABSURD} bytes while listing its sessions, and the most is {most}");
    let nonsense = "an admin frame makes no sense";
    for (reply, detail) in [
        (absurd, announced),
        (frame("not JSON"), format!("{nonsense}: expected ident at line 1 column 2")),
        (
            frame("{}"),
            format!("{nonsense}: invalid type: map, expected a sequence at line 1 column 0"),
        ),
        (frame(""), format!("{nonsense}: EOF while parsing a value at line 1 column 0")),
        ([hello.clone(), vec![0x7f]].concat(), "unexpected byte 0x7f in an admin reply".into()),
        ([hello.clone(), vec![0, 0x28]].concat(), "unexpected byte 0x28 in an admin reply".into()),
        (vec![0x15], "unexpected byte 0x15 in an admin reply".into()),
    ] {
        fails(&Fake::start(admin([Send(reply), Gone])).run(LIST), 76, &wrong(&detail));
    }
    // A row of a kind that this graphctl does not know.
    let run = Fake::start(admin([Send(frame(r#"[{"tea":[]}]"#)), Gone])).run(LIST);
    assert_eq!(run.code, 76, "{run:#?}");
    let deep = frame(&"[".repeat(100_000));
    let run = Fake::start(admin([Send(deep), Gone])).run(LIST);
    assert_eq!(run.code, 76, "{run:#?}");
}

#[test]
fn a_whole_admin_reply_is_taken_in_any_frames() {
    let hello = r#"{"hello":[1.0]}"#;
    let end = r#"{"end":[null]}"#;
    for reply in [
        [frame(&format!("[{hello}]")), vec![0], frame(&format!("[{end}]"))].concat(),
        [frame(&format!("[{hello}]")), frame("[]"), frame(&format!("[{end}]")), vec![0]].concat(),
        frame(&format!("[{hello},{end}]")),
    ] {
        let slow = Trickle(reply, Duration::from_millis(1));
        expect(&Fake::start(admin([slow, Gone])).run(LIST), 0, EMPTY, "");
    }
}
