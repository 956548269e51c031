//! What the opcodes of strings, bytes, numbers and constants do.

use super::arena::{Node, NodeId};
use super::cursor::Span;
use super::error::DecodeError;
use super::machine::{Machine, Result};
use super::opcode as op;
use super::text::{self, Decimal, Text};

impl Machine {
    /// Strings and bytes.
    pub(super) fn text(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            op::SHORT_BINUNICODE | op::BINUNICODE | op::BINUNICODE8 => {
                let span = self.counted(opcode)?;
                self.push_string(span)?;
            }
            op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 | op::BYTEARRAY8 => {
                let span = self.counted(opcode)?;
                self.push_node(Node::Bytes(span))?;
            }
            op::SHORT_BINSTRING | op::BINSTRING => {
                // Python 2's str is either; Python 3 reads it as ASCII.
                let span = self.counted(opcode)?;
                let ascii = self.cursor.bytes(span).is_ascii();
                self.push_node(if ascii { Node::Str(span) } else { Node::Bytes(span) })?;
            }
            op::UNICODE => {
                let line = self.line()?;
                let text = text::raw_unicode_escape(self.cursor.bytes(line))
                    .ok_or(DecodeError::InvalidUtf8 { offset: self.offset })?;
                let span = self.keep(text.as_bytes())?;
                self.push_node(Node::Str(span))?;
            }
            op::NEXT_BUFFER | op::READONLY_BUFFER => {
                return Err(DecodeError::OutOfBandBuffer { offset: self.offset });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The bytes of a string opcode, after their length in one, four or eight bytes.
    fn counted(&mut self, opcode: u8) -> Result<Span> {
        let len = match opcode {
            op::SHORT_BINUNICODE | op::SHORT_BINBYTES | op::SHORT_BINSTRING => {
                self.u8().map(u64::from)?
            }
            op::BINUNICODE | op::BINBYTES => self.u32().map(u64::from)?,
            op::BINSTRING => self.signed_len()?,
            _ => self.u64()?,
        };
        self.span(len)
    }

    pub(super) fn push_string(&mut self, span: Span) -> Result<()> {
        let read = text::utf8(self.cursor.bytes(span));
        let span = match read.ok_or(DecodeError::InvalidUtf8 { offset: self.offset })? {
            Text::AsIs => span,
            Text::Rewritten(text) => self.keep(text.as_bytes())?,
        };
        self.push_node(Node::Str(span))
    }

    /// None, truth values and numbers.
    pub(super) fn number(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            op::NONE => self.push(NodeId::NONE)?,
            op::NEWTRUE => self.push(NodeId::TRUE)?,
            op::NEWFALSE => self.push(NodeId::FALSE)?,
            op::BININT1 => {
                let int = self.u8()?;
                self.push_node(Node::Int(int.into()))?;
            }
            op::BININT2 => {
                let int = self.array().map(u16::from_le_bytes)?;
                self.push_node(Node::Int(int.into()))?;
            }
            op::BININT => {
                let int = self.array().map(i32::from_le_bytes)?;
                self.push_node(Node::Int(int.into()))?;
            }
            op::LONG1 => {
                let len = self.u8()?;
                self.push_long(len.into())?;
            }
            op::LONG4 => {
                let len = self.signed_len()?;
                self.push_long(len)?;
            }
            op::BINFLOAT => {
                let float = self.array().map(f64::from_be_bytes)?;
                self.push_node(Node::Float(float))?;
            }
            op::INT | op::LONG | op::FLOAT => self.push_decimal(opcode)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn push_long(&mut self, len: u64) -> Result<()> {
        let span = self.span(len)?;
        let small = text::signed(self.cursor.bytes(span)).and_then(|int| i64::try_from(int).ok());
        self.push_node(small.map_or(Node::BigInt(span), Node::Int))
    }

    /// A number written as a line of text.
    fn push_decimal(&mut self, opcode: u8) -> Result<()> {
        let line = self.line()?;
        let line = self.cursor.bytes(line);
        if opcode == op::FLOAT {
            let float = text::float(line).ok_or_else(|| self.malformed_number())?;
            return self.push_node(Node::Float(float));
        }
        match (opcode, line) {
            (op::INT, b"00") => return self.push(NodeId::FALSE),
            (op::INT, b"01") => return self.push(NodeId::TRUE),
            _ => {}
        }
        match text::decimal(line).ok_or_else(|| self.malformed_number())? {
            Decimal::Small(int) => self.push_node(Node::Int(int)),
            Decimal::Large(bytes) => {
                let span = self.keep(&bytes)?;
                self.push_node(Node::BigInt(span))
            }
        }
    }

    /// A length that the format lets be negative.
    fn signed_len(&mut self) -> Result<u64> {
        let len = self.array().map(i32::from_le_bytes)?;
        u64::try_from(len).map_err(|_| self.malformed_number())
    }
}
