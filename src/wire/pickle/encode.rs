//! The one pickle graphctl writes: the admin channel's request.

use super::opcode as op;

const PROTOCOL: u8 = 4;

/// A pickle that, when loaded, runs `program` with these global variables, drops what that returns, and is
/// `GraphMetadata(1, "graphctl", {})`: an empty registration.
///
/// No text becomes part of another or of any code; all are carried as strings.
///
/// ```text
/// 80 04                                   PROTO 4
/// 8c "builtins" 8c "exec" 93              the function exec
/// 8d <u64 length> program                 its first argument
/// 7d                                      its second: a dict
/// 8c <name> 8d <u64 length> <value> 73    with each of the variables
/// 86 52 30                                TUPLE2, REDUCE (the call), POP
/// 8c "ezmsg.core.graphmeta" 8c "GraphMetadata" 93
/// 4b 01 8c "graphctl" 7d 87 52            called with 1, "graphctl", {}
/// 2e                                      STOP
/// ```
#[must_use]
pub fn exec_then_metadata(program: &str, variables: &[(&'static str, &str)]) -> Vec<u8> {
    let mut pickle = vec![op::PROTO, PROTOCOL];
    global(&mut pickle, "builtins", "exec");
    long_str(&mut pickle, program);
    pickle.push(op::EMPTY_DICT);
    for (name, value) in variables {
        short_str(&mut pickle, name);
        long_str(&mut pickle, value);
        pickle.push(op::SETITEM);
    }
    pickle.extend([op::TUPLE2, op::REDUCE, op::POP]);
    global(&mut pickle, "ezmsg.core.graphmeta", "GraphMetadata");
    pickle.extend([op::BININT1, 1]);
    short_str(&mut pickle, "graphctl");
    pickle.extend([op::EMPTY_DICT, op::TUPLE3, op::REDUCE, op::STOP]);
    pickle
}

fn global(pickle: &mut Vec<u8>, module: &'static str, name: &'static str) {
    short_str(pickle, module);
    short_str(pickle, name);
    pickle.push(op::STACK_GLOBAL);
}

/// For the constants above, all shorter than 256 bytes.
fn short_str(pickle: &mut Vec<u8>, text: &'static str) {
    debug_assert!(u8::try_from(text.len()).is_ok(), "{text} is too long");
    pickle.push(op::SHORT_BINUNICODE);
    pickle.push(text.len().to_le_bytes()[0]);
    pickle.extend_from_slice(text.as_bytes());
}

fn long_str(pickle: &mut Vec<u8>, text: &str) {
    pickle.push(op::BINUNICODE8);
    pickle.extend_from_slice(&(text.len() as u64).to_le_bytes());
    pickle.extend_from_slice(text.as_bytes());
}
