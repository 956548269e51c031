//! The pickle's bytes and a position in them. Knows lengths, not opcodes.

/// A run of bytes a value consists of: of the pickle itself, or of what had to be rewritten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

/// The bytes behind every [`Span`].
///
/// Strings and bytes stay where they are in the pickle. The few that had to be rewritten are in
/// `side`, whose first byte counts as the one after the pickle's last.
pub(super) struct Store {
    input: Vec<u8>,
    side: Vec<u8>,
}

impl Store {
    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        let (start, len) = (span.start as usize, span.len as usize);
        let (bytes, start) = match start.checked_sub(self.input.len()) {
            Some(start) => (&self.side, start),
            None => (&self.input, start),
        };
        bytes.get(start..start + len).unwrap_or_default()
    }
}

/// The pickle ended too early.
pub(super) struct Truncated;

/// Reads the pickle from front to back.
pub(super) struct Cursor {
    store: Store,
    position: usize,
}

impl Cursor {
    /// `None` if the input is longer than a [`Span`] can say.
    pub(super) fn new(input: Vec<u8>) -> Option<Self> {
        u32::try_from(input.len()).ok()?;
        Some(Self { store: Store { input, side: Vec::new() }, position: 0 })
    }

    pub(super) fn into_store(self) -> Store {
        self.store
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn remaining(&self) -> usize {
        self.store.input.len() - self.position
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        self.store.bytes(span)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let rest = &self.store.input[self.position..];
        let array = *rest.first_chunk::<N>().ok_or(Truncated)?;
        self.position += N;
        Ok(array)
    }

    /// The next `len` bytes, which need not exist.
    pub(super) fn span(&mut self, len: u64) -> Result<Span, Truncated> {
        let len = usize::try_from(len).map_err(|_| Truncated)?;
        if len > self.remaining() {
            return Err(Truncated);
        }
        self.position += len;
        Span::new(self.position - len, len).ok_or(Truncated)
    }

    /// The bytes up to the next newline, which is skipped.
    pub(super) fn line(&mut self) -> Result<Span, Truncated> {
        let rest = &self.store.input[self.position..];
        let len = rest.iter().position(|&byte| byte == b'\n').ok_or(Truncated)?;
        self.position += len + 1;
        Span::new(self.position - len - 1, len).ok_or(Truncated)
    }

    /// Keeps bytes that are not in the pickle as such; `None` if they would exceed `max`.
    pub(super) fn keep(&mut self, bytes: &[u8], max: usize) -> Option<Span> {
        let Store { input, side } = &mut self.store;
        if side.len() + bytes.len() > max {
            return None;
        }
        let span = Span::new(input.len() + side.len(), bytes.len())?;
        side.extend_from_slice(bytes);
        Some(span)
    }
}

impl Span {
    fn new(start: usize, len: usize) -> Option<Self> {
        let end = u32::try_from(start.checked_add(len)?).ok()?;
        let len = u32::try_from(len).ok()?;
        Some(Self { start: end - len, len })
    }
}
