//! The pickle decoder against captures of real GraphServers, against every opcode, and against bytes
//! that mean no good. `tests/data/capture.py` makes the captures.

use std::path::Path;

use graphctl::wire::pickle::{
    DecodeError, Document, Item, Kind, Limits, Resource, decode, exec_then_metadata,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const DEPTH: usize = 1_000_000;

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(bytes: &[u8]) -> Document {
    decode(bytes.to_vec(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {bytes:?}"))
}

fn refusal(bytes: &[u8]) -> DecodeError {
    let limits = Limits { max_bytes: 1 << 20, max_nodes: 1000, max_references: 1000 };
    decode(bytes.to_vec(), &limits).expect_err("a refusal")
}

/// Everything in a small value, as text. Big ints are exact, the modules are Python 3's.
fn rendered(item: Item<'_>) -> String {
    let list = |items: Option<_>| -> String {
        let items: Option<graphctl::wire::pickle::Items<'_>> = items;
        items.into_iter().flatten().map(|item| rendered(item) + ",").collect()
    };
    match item.kind() {
        Kind::Int => match (item.as_i128(), item.as_u128()) {
            (Some(int), _) => int.to_string(),
            (None, Some(int)) => int.to_string(),
            (None, None) => "huge".into(),
        },
        Kind::Bytes => format!("bytes{:?}", item.as_bytes().unwrap_or_default()),
        Kind::None | Kind::Bool | Kind::Float | Kind::Str => format!("{item:?}"),
        Kind::Object | Kind::Global => {
            let (module, name) = item.class().unwrap_or(("?", "?"));
            let module = module.replace("__builtin__", "builtins");
            let state = item.state().map(rendered);
            format!(
                "{module}.{name}({})[{}]{}{state:?}",
                list(item.args()),
                list(item.elements()),
                pairs(item)
            )
        }
        kind => format!("{kind}[{}]{}", list(item.elements()), pairs(item)),
    }
}

fn pairs(item: Item<'_>) -> String {
    let pairs = item.entries().into_iter().flatten();
    pairs
        .map(|(key, value)| [rendered(key), ":".into(), rendered(value), ",".into()].concat())
        .collect()
}

// --- real servers ---

fn uuid_text(item: Item<'_>) -> String {
    assert_eq!(item.class(), Some(("uuid", "UUID")));
    let int = item.attr("int").and_then(Item::as_u128).expect("a 128 bit int");
    uuid::Uuid::from_u128(int).to_string()
}

fn strings(item: Item<'_>) -> Vec<&str> {
    item.elements().expect("a list").map(|item| item.as_str().expect("a string")).collect()
}

fn attr<'a>(item: Item<'a>, name: &str) -> Item<'a> {
    item.attr(name).unwrap_or_else(|| panic!("{item:?} has no {name}"))
}

fn text<'a>(item: Item<'a>, name: &str) -> &'a str {
    attr(item, name).as_str().unwrap_or_else(|| panic!("{name} of {item:?} is no string"))
}

/// What `capture.py` wrote beside the pickle, from our reading of it.
fn seen(document: &Document) -> Value {
    let root = document.root();
    assert_eq!(root.class(), Some(("ezmsg.core.graphmeta", "GraphSnapshot")));
    let entries = |name| attr(root, name).entries().expect("a dict");
    let graph = entries("graph").map(|(topic, to)| (topic.as_str().expect("a topic"), strings(to)));
    let owners = entries("edge_owners").map(|(edge, owners)| {
        let ends: Vec<_> = edge.args().expect("a named tuple").map(Item::as_str).collect();
        json!({"from": ends[0], "to": ends[1], "owners": strings(owners)})
    });
    let sessions = entries("sessions")
        .map(|(id, session)| (id.as_str().expect("an id"), seen_session(session)));
    let processes = entries("processes").map(|(key, process)| {
        json!({
            "key": uuid_text(key), "process_id": uuid_text(attr(process, "process_id")),
            "pid": attr(process, "pid").as_u64(), "host": text(process, "host"),
            "units": strings(attr(process, "units")),
        })
    });
    json!({
        "graph": graph.map(|(topic, to)| (topic.to_owned(), json!(to))).collect::<serde_json::Map<_, _>>(),
        "edge_owners": owners.collect::<Vec<_>>(),
        "sessions": sessions.map(|(id, it)| (id.to_owned(), it)).collect::<serde_json::Map<_, _>>(),
        "processes": processes.collect::<Vec<_>>(),
    })
}

fn seen_session(session: Item<'_>) -> Value {
    let edges = attr(session, "edges").elements().expect("a list");
    let edges: Vec<Vec<_>> =
        edges.map(|edge| edge.args().expect("an edge").map(Item::as_str).collect()).collect();
    let metadata = attr(session, "metadata");
    if metadata.is_none() {
        return json!({"edges": edges, "metadata": null});
    }
    let components = attr(metadata, "components").entries().expect("a dict");
    let components: serde_json::Map<_, _> = components
        .map(|(key, component)| {
            let (_, class) = component.class().expect("a class");
            let settings = attr(component, "initial_settings").elements().expect("a pair").next();
            let seen = json!({
                "class": class, "unit": class == "UnitMetadata",
                "address": text(component, "address"), "component_type": text(component, "component_type"),
                "settings_bytes": settings.and_then(Item::as_bytes).map_or(0, <[u8]>::len),
            });
            (key.as_str().expect("a key").to_owned(), seen)
        })
        .collect();
    json!({"edges": edges, "metadata": {
        "schema_version": attr(metadata, "schema_version").as_i64(),
        "root_name": attr(metadata, "root_name").as_str(),
        "components": components,
    }})
}

#[test]
fn snapshots_of_real_servers_read_as_python_reads_them() {
    for name in ["snapshot", "empty"] {
        for python in ["py310", "py311", "py313"] {
            let expected = data(&format!("{name}-{python}.json"));
            let expected: Value = serde_json::from_slice(&expected).expect("json");
            assert_eq!(
                seen(&read(&data(&format!("{name}-{python}.pickle")))),
                expected,
                "{python}"
            );
        }
    }
}

#[test]
fn settings_inside_a_snapshot_are_pickles_too() {
    let document = read(&data("snapshot-py313.pickle"));
    let (_, session) =
        attr(document.root(), "sessions").entries().and_then(|mut all| all.next()).expect("one");
    let unit =
        attr(attr(session, "metadata"), "components").get("SYSTEM/COUNTER").expect("the unit");
    let settings = attr(unit, "initial_settings").elements().and_then(|mut pair| pair.next());
    let settings = read(settings.and_then(Item::as_bytes).expect("bytes"));
    assert_eq!(settings.root().class(), Some(("__main__", "CounterSettings")));
    assert_eq!(text(settings.root(), "label"), "zähler");
    assert_eq!(attr(settings.root(), "rate").as_f64(), Some(20.0));
}

// --- every opcode ---

#[test]
fn all_protocols_read_the_same() {
    let corpus = |protocol| read(&data(&format!("corpus-protocol{protocol}.pickle")));
    let newest = corpus(5);
    for protocol in 2..5 {
        assert_eq!(
            rendered(corpus(protocol).root()),
            rendered(newest.root()),
            "protocol {protocol}"
        );
    }
    let get = |key| rendered(newest.root().get(key).unwrap_or_else(|| panic!("no {key}")));
    assert_eq!(get("none"), "None");
    assert_eq!(get("truth"), "list[true,false,]");
    let ints = "0,255,65535,-1,2147483647,-2147483648,1099511627776,-9223372036854775808,";
    assert_eq!(get("ints"), format!("list[{ints}]"));
    let (most, least) = (u128::MAX, i128::MIN);
    let long = format!(
        "{},{},-9223372036854775809,{},{most},{least},huge,",
        1u64 << 63,
        u64::MAX,
        1u128 << 127
    );
    assert_eq!(get("long ints"), format!("list[{long}]"));
    assert_eq!(get("floats"), "list[1.5,-0.0,inf,]");
    assert_eq!(get("text"), "\"zähler \u{1f600}\"");
    assert_eq!(get("surrogate"), "\"a\u{fffd}b\"");
    assert_eq!((get("bytes").as_str(), get("empty").as_str()), ("bytes[0, 255]", "bytes[]"));
    assert_eq!(get("bytearray"), "bytes[128, 97, 98]");
    assert_eq!(get("tuples"), "list[tuple[],tuple[1,],tuple[1,2,],tuple[1,2,3,],tuple[1,2,3,4,],]");
    assert_eq!((get("set").as_str(), get("frozenset").as_str()), ("set[7,]", "frozenset[8,]"));
    assert_eq!(get("ordered"), "collections.OrderedDict()[]\"a\":1,None");
    assert_eq!(get("complex"), "builtins.complex(0.0,1.0,)[]None");
    assert_eq!(newest.root().get("long").and_then(Item::elements).map(Iterator::count), Some(1500));
}

#[test]
fn any_value_is_a_dict_key() {
    let document = read(&data("corpus-protocol4.pickle"));
    let mut keys =
        document.root().entries().expect("a dict").filter(|(key, _)| key.as_str().is_none());
    let (key, value) = keys.next().expect("the UUID");
    assert_eq!(uuid_text(key), "09548917-e650-11f1-9081-02005e005301");
    assert_eq!(value.as_str(), Some("by uuid"));
    let (key, value) = keys.next().expect("the tuple");
    assert_eq!((rendered(key).as_str(), value.as_str()), ("tuple[1,\"x\",]", Some("by tuple")));
}

#[test]
fn each_opcode_does_what_it_says() {
    let cases: &[(&[u8], &str)] = &[
        (b"N.", "None"),
        (b"\x80\x02\x88.", "true"),
        (b"\x80\x05\x95\x02\0\0\0\0\0\0\0\x89.", "false"),
        (b"I01\n.", "true"),
        (b"I-7\n.", "-7"),
        (
            b"L340282366920938463463374607431768211455L\n.",
            "340282366920938463463374607431768211455",
        ),
        (
            b"L-170141183460469231731687303715884105728L\n.",
            "-170141183460469231731687303715884105728",
        ),
        (b"F-2.5\n.", "-2.5"),
        (b"G\x3f\xf8\0\0\0\0\0\0.", "1.5"),
        (b"K\xff.", "255"),
        (b"M\xff\xff.", "65535"),
        (b"J\xfe\xff\xff\xff.", "-2"),
        (b"\x8a\0.", "0"),
        (b"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\xff.", "-1"),
        (b"\x8b\x02\0\0\0\0\x80.", "-32768"),
        (b"Va\\u00e4\xe4\\U0001f600\n.", "\"aää\u{1f600}\""),
        (b"X\x02\0\0\0\xc3\xa4.", "\"ä\""),
        (b"\x8d\x01\0\0\0\0\0\0\0a.", "\"a\""),
        (b"U\x01a.", "\"a\""),
        (b"T\x01\0\0\0\xe4.", "bytes[228]"),
        (b"B\x01\0\0\0a.", "bytes[97]"),
        (b"\x8e\x01\0\0\0\0\0\0\0a.", "bytes[97]"),
        (b"\x96\x01\0\0\0\0\0\0\0a.", "bytes[97]"),
        (b"]K\x01a(K\x02K\x03e.", "list[1,2,3,]"),
        (b"(K\x01K\x02l.", "list[1,2,]"),
        (b"(t.", "tuple[]"),
        (b"(K\x01(K\x02tt.", "tuple[1,tuple[2,],]"),
        (b"}K\x01K\x02s(K\x03K\x04u.", "dict[]1:2,3:4,"),
        (b"(K\x01K\x02d.", "dict[]1:2,"),
        (b"\x8f(K\x01\x90.", "set[1,]"),
        (b"(K\x01\x91.", "frozenset[1,]"),
        (b"K\x01K\x020.", "1"),
        (b"K\x01(K\x02K\x031.", "1"),
        (b"K\x01(0.", "1"),
        (b"K\x012\x86.", "tuple[1,1,]"),
        (b"K\x01q\x050K\x02r\xff\xff\xff\xff0h\x05j\xff\xff\xff\xff\x86.", "tuple[1,2,]"),
        (b"K\x01p7\n0K\x02\x940g7\nh\x01\x86.", "tuple[1,2,]"),
        (b"cos.path\njoin\n.", "os.path.join()[]None"),
        (b"U\x01mU\x03A.B\x93.", "m.A.B()[]None"),
        (b"cm\nC\nK\x01\x85R(K\x02K\x03eU\x01aK\x04s}b.", "m.C(1,)[2,3,]\"a\":4,Some(\"dict[]\")"),
        (b"cm\nC\n)\x81.", "m.C()[]None"),
        (b"cm\nC\n)}U\x01kK\x01s\x92.", "m.C()[]None"),
        (b"cbuiltins\nset\n](K\x01e\x85R.", "set[1,]"),
        (b"cbuiltins\nset\nK\x01\x85R.", "builtins.set(1,)[]None"),
        (b"\x82\x07\x83\x07\0\x84\x07\0\0\0\x87.", "tuple[extension[],extension[],extension[],]"),
        (b"Pid\nU\x02idQ\x86.", "tuple[persistent reference[],persistent reference[],]"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(rendered(read(bytes).root()), *expected, "{bytes:?}");
    }
}

#[test]
fn state_is_a_dict_or_a_pair_with_slots() {
    let document = read(b"cm\nC\n)\x81}U\x01aK\x01s}U\x01bK\x02s\x86b.");
    let get = |name| document.root().attr(name).and_then(Item::as_i64);
    assert_eq!((get("a"), get("b"), get("c")), (Some(1), Some(2), None));
    let document = read(b"cm\nC\n)\x81N}U\x01bK\x02s\x86b.");
    assert_eq!(document.root().attr("b").and_then(Item::as_i64), Some(2));
    let document = read(b"cm\nC\n)}U\x01kK\x01s\x92.");
    assert_eq!(document.root().kwargs().and_then(|kwargs| kwargs.get("k")?.as_i64()), Some(1));
    assert_eq!(document.root().attr("k").map(Item::kind), None);
}

#[test]
fn the_last_of_equal_keys_counts() {
    let document = read(b"}U\x01aK\x01sU\x01bK\x02sU\x01aK\x03s.");
    assert_eq!(document.root().get("a").and_then(Item::as_i64), Some(3));
}

#[test]
fn containers_grow_after_they_were_stored() {
    // a = []; b = []; a.append(1); b.append(2); a.append(3) through the memo
    let document = read(b"]\x94]\x940h\0K\x01a0h\x01K\x02a0h\0K\x03a0h\0h\x01\x86.");
    assert_eq!(rendered(document.root()), "tuple[list[1,3,],list[2,],]");
}

#[test]
fn a_list_may_contain_itself() {
    let document = read(b"]\x94h\0a.");
    let mut item = document.root();
    for _ in 0..1000 {
        item = item.elements().and_then(|mut items| items.next()).expect("itself");
    }
    assert_eq!((item.kind(), format!("{item:?}")), (Kind::List, "list".into()));
    // As CPython writes a tuple in a list in that tuple: t = ([t],)
    let document = read(b"]\x94h\0\x85\x94a0h\x01.");
    assert_eq!(document.root().kind(), Kind::Tuple);
}

// --- hostile bytes ---

/// Checks a chain `DEPTH` deep by walking it; the document is then printed and dropped.
fn walk(bytes: Vec<u8>, inner: impl Fn(Item<'_>) -> Option<Item<'_>>) {
    let document = decode(bytes, &Limits::default()).expect("a deep value");
    let mut item = document.root();
    let mut depth = 1;
    while let Some(next) = inner(item) {
        (item, depth) = (next, depth + 1);
    }
    assert_eq!(depth, DEPTH);
    assert!(format!("{document:?} {:?}", document.root()).len() < 200);
}

#[test]
fn depth_costs_no_stack() {
    let lists = [vec![b']'; DEPTH], vec![b'a'; DEPTH - 1], vec![b'.']].concat();
    walk(lists, |item| item.elements()?.next());
    let tuples = [vec![b')'], vec![0x85; DEPTH - 1], vec![b'.']].concat();
    walk(tuples, |item| item.elements()?.next());
    let dicts = [b"}N".repeat(DEPTH - 1), vec![b'}'], vec![b's'; DEPTH - 1], vec![b'.']].concat();
    walk(dicts, |item| item.entries()?.next().map(|(_, value)| value));
    let objects = [
        b"cm\nC\n\x940".to_vec(),
        b"h\0".repeat(DEPTH),
        b")R".to_vec(),
        b"\x85R".repeat(DEPTH - 1),
        vec![b'.'],
    ];
    walk(objects.concat(), |item| item.args()?.next());
    let marks = [vec![b'('; DEPTH], vec![b't'; DEPTH], vec![b'.']].concat();
    walk(marks, |item| item.elements()?.next());
}

#[test]
fn every_truncation_is_an_error() {
    for name in ["snapshot-py313.pickle", "corpus-protocol2.pickle", "corpus-protocol5.pickle"] {
        let whole = data(name);
        for end in 0..whole.len() {
            let error = decode(whole[..end].to_vec(), &Limits::default()).expect_err("a refusal");
            assert!(matches!(error, DecodeError::Truncated { .. }), "{name} at {end}: {error}");
        }
    }
}

#[test]
fn refusals_say_what_and_where() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "pickle is cut short: it ends inside what begins at byte 0"),
        (b"N.N.", "2 bytes follow the end of the pickle at byte 2"),
        (b"\x80\x06N.", "unsupported pickle protocol 6 at byte 0"),
        (b"N\xff.", "unknown opcode 0xff at byte 1"),
        (b"N\x97.", "pickle refers to an out-of-band buffer at byte 1"),
        (b"\x98.", "pickle refers to an out-of-band buffer at byte 0"),
        (b".", "nothing on the stack for the opcode at byte 0"),
        (b"N(\x85.", "nothing on the stack for the opcode at byte 2"),
        (b"N(.", "nothing on the stack for the opcode at byte 2"),
        (b"]Ne.", "no mark on the stack for the opcode at byte 2"),
        (b"h\x07.", "memo 7 read at byte 0 was never stored"),
        (b"}(Nu.", "odd number of keys and values at byte 3"),
        (b"NNa.", "expected a list, a set or an object to add to, found None at byte 2"),
        (b")R.", "nothing on the stack for the opcode at byte 1"),
        (b"NK\x01R.", "expected a tuple of arguments, found int at byte 3"),
        (b"K\x01U\x01a\x93.", "expected the name of a class, found int at byte 5"),
        (b"]}b.", "expected an object to give its state, found list at byte 2"),
        (b"\x8c\x01\xff.", "string at byte 0 is not UTF-8"),
        (b"I1x\n.", "malformed number at byte 0"),
        (b"\x8b\xff\xff\xff\xff.", "malformed number at byte 0"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(refusal(bytes).to_string(), *expected, "{bytes:?}");
    }
}

#[test]
fn absurd_lengths_cost_nothing() {
    for opcode in [0x8d, 0x8e, 0x96, 0x95] {
        for len in [1 << 63, u64::MAX, u64::from(u32::MAX), 8] {
            let bytes = [&[0x80, 4, opcode][..], &u64::to_le_bytes(len), b"1234567"].concat();
            assert_eq!(refusal(&bytes), DecodeError::Truncated { offset: 2 }, "{opcode} {len}");
        }
    }
    for opcode in *b"XBT" {
        let bytes = [&[opcode][..], &i32::MAX.to_le_bytes(), b"1234567"].concat();
        assert_eq!(refusal(&bytes), DecodeError::Truncated { offset: 0 });
    }
}

#[test]
fn limits_hold_for_all_that_grows() {
    let over = |bytes: Vec<u8>| match refusal(&bytes) {
        DecodeError::LimitExceeded { resource, .. } => resource,
        other => panic!("{other}"),
    };
    assert_eq!(over(vec![b'N'; (1 << 20) + 1]), Resource::Bytes);
    assert_eq!(over(b"]0".repeat(1001)), Resource::Nodes);
    assert_eq!(over(vec![b'N'; 1001]), Resource::References);
    assert_eq!(over(vec![b'('; 1001]), Resource::References);
    assert_eq!(over([vec![b'N'], vec![0x94; 1001]].concat()), Resource::References);
    assert_eq!(over([vec![b']'], b"Na".repeat(1001)].concat()), Resource::References);
    // The same long text, stored once, rewritten again and again.
    let text = vec![b'a'; 1 << 18];
    let long =
        [b"X\0\0\x04\0".to_vec(), text, b"\x940U\x06latin1\x940c_codecs\nencode\n\x940".to_vec()];
    assert_eq!(over([long.concat(), b"h\x02h\0h\x01\x86R0".repeat(5)].concat()), Resource::Bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits_never_panic(
        name in prop::sample::select(vec!["snapshot-py310.pickle", "corpus-protocol2.pickle", "corpus-protocol5.pickle"]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 1..20),
    ) {
        let mut bytes = data(name);
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        look_around(bytes);
    }

    #[test]
    fn random_opcodes_never_panic(
        bytes in prop::collection::vec(prop::sample::select(
            b"N(.]})at\x85\x86eus\x94h\0hqr\x8f\x90\x91ld012K\x01U\x01acm\nRb\x81\x92\x93".to_vec()), 0..60),
    ) {
        look_around([bytes, b".".to_vec()].concat());
    }
}

/// Decodes within small limits and, if that goes well, uses every accessor near the root.
fn look_around(bytes: Vec<u8>) {
    let limits = Limits { max_bytes: 1 << 16, max_nodes: 3000, max_references: 5000 };
    let Ok(document) = decode(bytes, &limits) else { return };
    assert!(document.node_count() <= 3000);
    let mut found = vec![document.root()];
    for at in 0..200 {
        let Some(&item) = found.get(at) else { break };
        let _ = (format!("{item:?}"), item.as_u64(), item.as_i128(), item.as_str(), item.class());
        let _ = (item.attr("int"), item.get("a"), item.kwargs());
        found.extend(item.elements().into_iter().flatten().take(50));
        found.extend(
            item.entries().into_iter().flatten().take(50).flat_map(|(key, value)| [key, value]),
        );
        found.extend(item.args().into_iter().flatten().take(50).chain(item.state()));
    }
}

// --- what graphctl writes ---

#[test]
fn the_admin_request_is_these_bytes() {
    let expected = [
        &b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93"[..],
        b"\x8d\x04\0\0\0\0\0\0\0pass",
        b"}\x8c\x07request\x8d\x04\0\0\0\0\0\0\0\"\xc3\xa4\"s\x86R0",
        b"\x8c\x14ezmsg.core.graphmeta\x8c\x0dGraphMetadata\x93K\x01\x8c\x08graphctl}\x87R.",
    ];
    let bytes = exec_then_metadata("pass", &[("request", "\"ä\"")]);
    assert_eq!(bytes, expected.concat());
    let document = read(&bytes);
    let metadata = "ezmsg.core.graphmeta.GraphMetadata(1,\"graphctl\",dict[],)[]None";
    assert_eq!(rendered(document.root()), metadata);
}
