//! Which processes are found.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use super::fake::{Fake, USER};
use super::{SERVER, connection, session};
use crate::host::linux::Machine;
use crate::host::linux::process::uptime;
use crate::host::linux::stacks::StackReaders;
use crate::host::{Connection, Host as _, Role, Sockets, Tcp, Unseen};
use crate::model::{Holder, Holding};

fn pids(holding: &Holding) -> Vec<u32> {
    holding.holders.iter().map(|holder| holder.pid).collect()
}

#[test]
fn all_holders_of_a_socket_are_found_and_each_once() {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.socket(4001, 71);
    fake.process(10).socket(3, 70).socket(4, 70);
    fake.process(11).socket(3, 70).socket(4, 71);
    fake.process(12).socket(3, 99);
    let holdings = fake.holders(&[session(4000), connection(4001, Role::Other)]);
    assert_eq!(holdings.iter().map(pids).collect::<Vec<_>>(), [vec![10, 11], vec![11]]);
    assert!(holdings.iter().all(|holding| holding.unsure.is_none()), "{holdings:?}");
}

#[test]
fn connections_keep_their_order_even_where_two_are_the_same() {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(10).socket(3, 70);
    let holdings = fake.holders(&[session(1), session(4000), session(2), session(4000)]);
    let pids: Vec<_> = holdings.iter().map(pids).collect();
    assert_eq!(pids, [vec![], vec![10], vec![], vec![10]]);
}

#[test]
fn a_holder_is_described() {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(10).socket(3, 70).start(0).state('T').command("python\0-m\0lab serve\0");
    fake.process(11).socket(3, 70).start(u64::MAX / 2);
    let holding = fake.session(4000);
    let [known, from_the_future] = &holding.holders[..] else { panic!("{holding:?}") };
    assert_eq!(known.name(), "pid 10 (python -m lab serve)");
    assert_eq!((known.start, known.state), (0, 'T'));
    let uptime = uptime();
    let since_boot = uptime.saturating_sub(Duration::from_secs(10))..=uptime;
    assert!(since_boot.contains(&known.age), "{known:?}");
    assert_eq!(from_the_future.command, "[py thon)]");
    assert_eq!(from_the_future.age, Duration::ZERO);
}

#[test]
fn a_socket_that_is_not_listed_is_elsewhere() {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(10).socket(3, 70);
    let mut of_another_server = session(4000);
    of_another_server.server.set_port(1);
    let mut from_another_host = session(4000);
    from_another_host.client = "10.0.0.7:4000".parse().expect("an address");
    for holding in fake.holders(&[session(4001), of_another_server, from_another_host]) {
        let why = "its client is on another machine, in a container, or gone";
        assert_eq!(holding, Holding::unknown(why));
    }
}

#[test]
fn the_servers_end_is_not_the_clients() {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(10).socket(3, 70);
    let Connection { client, server, role } = session(4000);
    let holding = fake.holders(&[Connection { client: server, server: client, role }]).remove(0);
    assert!(holding.holders.is_empty(), "{holding:?}");
}

#[test]
fn a_closed_socket_is_nobodys_unless_it_was_opened_again() {
    let fake = Fake::new();
    fake.socket(4000, 0);
    assert_eq!(fake.session(4000).unsure.as_deref(), Some("its client has closed it"));
    fake.process(10).socket(3, 70);
    fake.socket(4000, 70);
    fake.socket(4000, 0);
    assert_eq!(pids(&fake.session(4000)), [10]);
}

#[test]
fn an_ipv4_address_in_ipv6_clothes_is_the_same_on_both_sides() {
    let fake = Fake::new();
    let mapped = "0000000000000000FFFF00000100007F";
    fake.write(
        "net/tcp6",
        &format!(
            "  sl\n   0: {mapped}:0FA0 {mapped}:657A 01 00000000:00000000 00:00000000 00000000  {USER}        0 70 1\n"
        ),
    );
    fake.process(10).socket(3, 70);
    assert_eq!(pids(&fake.session(4000)), [10]);

    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(10).socket(3, 70);
    let mapped = |port| SocketAddr::new("::ffff:127.0.0.1".parse().expect("an address"), port);
    let Connection { role, server, .. } = session(4000);
    let connection = Connection { client: mapped(4000), server: mapped(server.port()), role };
    assert_eq!(pids(&fake.holders(&[connection])[0]), [10]);
}

#[test]
fn without_the_lists_of_sockets_nothing_is_known() {
    for obstruct in ["net/tcp", "net/tcp6"] {
        let fake = Fake::new();
        fake.socket(4000, 70);
        fake.process(10).socket(3, 70);
        fake.obstruct(obstruct);
        let holding = fake.session(4000);
        assert!(holding.holders.is_empty());
        let unsure = holding.unsure.expect("a reason");
        assert!(unsure.starts_with("who holds it cannot be seen on this machine: "), "{unsure}");
    }
    let nowhere = Machine { root: "/nonexistent".into(), readers: StackReaders::default() };
    assert!(nowhere.holders(&[session(4000)])[0].unsure.is_some());
    assert_eq!(nowhere.network(), None);
    assert_eq!(nowhere.listeners(at(4000)), []);
}

#[test]
fn a_network_is_a_boot_and_a_namespace() {
    let fake = Fake::new();
    assert_eq!(fake.machine().network().as_deref(), Some("some-boot/4026531840"));
    fake.link("self/ns/net", "net:[4026532999]");
    assert_eq!(fake.machine().network().as_deref(), Some("some-boot/4026532999"));
    fake.remove("self/ns/net");
    assert_eq!(fake.machine().network(), None);
    fake.link("self/ns/net", "net:[4026532999]");
    fake.remove("sys/kernel/random/boot_id");
    assert_eq!(fake.machine().network(), None);
}

#[test]
fn listeners_listen_on_that_port() {
    let fake = Fake::new();
    let listen = |port: u16, state: &str, inode: u64| {
        fake.append(
            "net/tcp",
            &format!("   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  0        0 {inode} 1\n"),
        );
    };
    listen(4000, "0A", 70);
    listen(4001, "0A", 71);
    listen(4000, "01", 72);
    for (pid, inode) in [(10, 70), (11, 71), (12, 72)] {
        fake.process(pid).socket(3, inode).command("serve");
    }
    let listeners = fake.machine().listeners(at(4000));
    assert_eq!(listeners.iter().map(Holder::name).collect::<Vec<_>>(), ["pid 10 (serve)"]);
    assert_eq!(listeners[0].serving, None);
    assert_eq!(fake.machine().listeners(at(4002)), []);
    let elsewhere = SocketAddr::from(([127, 0, 0, 2], 4000));
    assert_eq!(fake.machine().listeners(elsewhere), [], "it listens on another address");
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

#[test]
fn a_process_is_told_with_all_its_tcp_sockets() {
    let fake = Fake::new();
    fake.socket(4000, 70);
    fake.process(10).socket(3, 70).socket(4, 71).socket(5, 72);
    let listening = "   0: 0100007F:0FA1 00000000:0000 0A 0:0 0:0 0  0 0 71 1\n";
    let tcp = fs::read_to_string(fake.root().join("net/tcp")).expect("it was written");
    fake.write(
        "10/net/tcp",
        &(tcp + &listening.replace(" 0:0 0:0 0 ", " 00000000:00000000 00:00000000 00000000 ")),
    );
    fake.write("10/net/unix", "Num RefCount Protocol Flags Type St Inode Path\n0: 2 0 0 1 3 72\n");
    let holder = fake.session(4000).holders.remove(0);
    let wanted = vec![
        Tcp { local: at(4000), remote: Some(at(SERVER)) },
        Tcp { local: at(4001), remote: None },
    ];
    let machine = fake.machine();
    let mut wanted = Sockets { open: HashSet::from([wanted[0]]), tcp: wanted, others: false };
    assert_eq!(machine.sockets(&holder), Ok(wanted.clone()));
    fake.write("10/net/unix", "");
    wanted.others = true;
    assert_eq!(machine.sockets(&holder), Ok(wanted.clone()));
    let tcp = fs::read_to_string(fake.root().join("10/net/tcp")).expect("it was written");
    let closed = tcp.replace(" 01 ", " 08 ");
    let own = format!("0100007F:0FA0 0100007F:{SERVER:04X} 08");
    let line = closed.lines().find(|line| line.contains(&own)).expect("it is listed");
    let other = line.replace(&own, &format!("0100007F:{SERVER:04X} 0100007F:0FA0 05"));
    fake.write("10/net/tcp", &(closed.clone() + &other + "\n"));
    wanted.open.clear();
    assert_eq!(machine.sockets(&holder), Ok(wanted.clone()), "the other end has closed it");
    fake.write("10/net/tcp", &(closed + &other.replace(" 70 1", " 0 1") + "\n"));
    wanted.tcp.remove(0);
    assert_eq!(machine.sockets(&holder), Ok(wanted), "no process holds the other end");
    fake.process(10).start(101).socket(3, 70);
    assert_eq!(machine.sockets(&holder), Err(Unseen::Gone), "another process has its pid");
    fake.obstruct("10/fd");
    assert_eq!(machine.sockets(&holder), Err(Unseen::Hidden));
}
