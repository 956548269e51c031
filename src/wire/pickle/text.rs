//! Strings and numbers as pickles spell them. Pure functions of bytes.

use std::str;

const REPLACEMENT: &str = "\u{fffd}";

/// What a string's bytes amount to.
pub(super) enum Text {
    /// They are UTF-8 as they are.
    AsIs,
    /// They had to be rewritten.
    Rewritten(String),
}

/// Reads UTF-8. Python writes lone surrogates (file names it could not decode) as three bytes each,
/// which UTF-8 forbids: each becomes one U+FFFD. `None` if anything else is wrong.
pub(super) fn utf8(bytes: &[u8]) -> Option<Text> {
    let Err(mut error) = str::from_utf8(bytes) else { return Some(Text::AsIs) };
    let (mut text, mut rest) = (String::with_capacity(bytes.len()), bytes);
    loop {
        let (valid, invalid) = rest.split_at(error.valid_up_to());
        text.push_str(str::from_utf8(valid).ok()?);
        let [0xed, 0xa0..=0xbf, 0x80..=0xbf, tail @ ..] = invalid else { return None };
        text.push_str(REPLACEMENT);
        rest = tail;
        match str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return Some(Text::Rewritten(text));
            }
            Err(next) => error = next,
        }
    }
}

/// Reads Latin-1 with `\uXXXX` and `\UXXXXXXXX` escapes, as the text opcodes do.
pub(super) fn raw_unicode_escape(bytes: &[u8]) -> Option<String> {
    let (mut text, mut rest) = (String::with_capacity(bytes.len()), bytes);
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = match rest {
            [b'\\', b'u', ..] => 4,
            [b'\\', b'U', ..] => 8,
            _ => {
                text.push(char::from(byte));
                rest = tail;
                continue;
            }
        };
        let code = str::from_utf8(rest.get(2..2 + digits)?).ok()?;
        let code = u32::from_str_radix(code, 16).ok()?;
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = &rest[2 + digits..];
    }
    Some(text)
}

/// The Latin-1 bytes of a text, if it has only such characters.
pub(super) fn latin1(text: &[u8]) -> Option<Vec<u8>> {
    str::from_utf8(text).ok()?.chars().map(|char| u8::try_from(char).ok()).collect()
}

/// A decimal integer; a trailing `L` is Python 2's. Up to 128 bits: protocol 2 writes longer ones in binary.
pub(super) enum Decimal {
    Small(i64),
    Large(Vec<u8>),
}

pub(super) fn decimal(line: &[u8]) -> Option<Decimal> {
    let text = str::from_utf8(line).ok()?;
    let text = text.strip_suffix('L').unwrap_or(text);
    if let Ok(small) = text.parse() {
        return Some(Decimal::Small(small));
    }
    if let Ok(large) = text.parse::<i128>() {
        return Some(Decimal::Large(large.to_le_bytes().to_vec()));
    }
    let mut bytes = text.parse::<u128>().ok()?.to_le_bytes().to_vec();
    bytes.push(0);
    Some(Decimal::Large(bytes))
}

pub(super) fn float(line: &[u8]) -> Option<f64> {
    str::from_utf8(line).ok()?.parse().ok()
}

pub(super) fn memo_index(line: &[u8]) -> Option<u32> {
    str::from_utf8(line).ok()?.parse().ok()
}

/// Little-endian two's complement of any length, if it fits.
pub(super) fn signed(bytes: &[u8]) -> Option<i128> {
    let (low, high) = bytes.split_at(bytes.len().min(16));
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut number = [fill; 16];
    number[..low.len()].copy_from_slice(low);
    let number = i128::from_le_bytes(number);
    (high.iter().all(|&byte| byte == fill) && (number < 0) == (fill != 0)).then_some(number)
}

/// The same, for what is not negative.
pub(super) fn unsigned(bytes: &[u8]) -> Option<u128> {
    let (low, high) = bytes.split_at(bytes.len().min(16));
    if bytes.last().is_some_and(|byte| byte & 0x80 != 0) || high.iter().any(|&byte| byte != 0) {
        return None;
    }
    let mut number = [0; 16];
    number[..low.len()].copy_from_slice(low);
    Some(u128::from_le_bytes(number))
}
