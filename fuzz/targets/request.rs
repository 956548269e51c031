#![no_main]

#[path = "../../tests/any_input/holds/mod.rs"]
#[allow(dead_code, reason = "each target has its own property")]
mod holds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| holds::request::holds(bytes));
