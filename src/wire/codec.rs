//! Requests as bytes. Pure: no socket, no clock.
//!
//! All integers are little-endian. A `str` is a u64 byte length followed by UTF-8.

/// The reply byte that ends a command which went well.
pub const COMPLETE: u8 = 0x00;
/// The reply byte of a command that the server refused.
pub const ERROR: u8 = 0x28;
/// Opens a session: reply `str` session id, then [`COMPLETE`].
pub const SESSION: u8 = 0x15;
/// Registers metadata on the session: u64 length, pickle; reply one byte.
pub const SESSION_REGISTER: u8 = 0x19;
/// Asks for the whole state: reply u64 length, pickle of `GraphSnapshot`, [`COMPLETE`].
pub const SESSION_SNAPSHOT: u8 = 0x1a;
/// Has a request routed to the process that owns a unit: `str` unit, `str` operation,
/// `str` timeout in seconds, u64 length, payload; reply u64 length, pickle of
/// `ProcessControlResponse`, [`COMPLETE`].
pub const SESSION_PROCESS_REQUEST: u8 = 0x20;

fn put_block(bytes: &mut Vec<u8>, block: &[u8]) {
    bytes.extend_from_slice(&(block.len() as u64).to_le_bytes());
    bytes.extend_from_slice(block);
}

/// The bytes of a SESSION_REGISTER request.
#[must_use]
pub fn register(pickle: &[u8]) -> Vec<u8> {
    let mut bytes = vec![SESSION_REGISTER];
    put_block(&mut bytes, pickle);
    bytes
}

/// The bytes of a SESSION_PROCESS_REQUEST without payload; `timeout` is in seconds.
#[must_use]
pub fn process_request(unit: &str, operation: &str, timeout: f64) -> Vec<u8> {
    let mut bytes = vec![SESSION_PROCESS_REQUEST];
    put_block(&mut bytes, unit.as_bytes());
    put_block(&mut bytes, operation.as_bytes());
    put_block(&mut bytes, timeout.to_string().as_bytes());
    put_block(&mut bytes, &[]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_is_opcode_length_pickle() {
        assert_eq!(register(b"\x80\x04N."), b"\x19\x04\0\0\0\0\0\0\0\x80\x04N.");
    }

    #[test]
    fn a_process_request_is_three_strings_and_an_empty_payload() {
        assert_eq!(
            process_request("A/B", "PING", 1.5),
            b"\x20\x03\0\0\0\0\0\0\0A/B\x04\0\0\0\0\0\0\0PING\x03\0\0\0\0\0\0\x001.5\0\0\0\0\0\0\0\0"
        );
    }
}
