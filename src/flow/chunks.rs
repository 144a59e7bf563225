//! A list that grows without moving what it holds: a `Vec` doubles, and while it moves a million flows both copies are in
//! memory. Here one more chunk is taken.

/// So many elements are allocated together: small against a large table, and few enough chunks that where they lie stays
/// in the cache.
const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 12;

/// A list of up to 2^32 elements. Every chunk but the last is full.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: u32,
}

impl<T> Chunks<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }

    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(super) fn get(&self, at: u32) -> Option<&T> {
        self.chunks.get((at >> CHUNK_BITS) as usize)?.get(at as usize % CHUNK)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.chunks.get_mut((at >> CHUNK_BITS) as usize)?.get_mut(at as usize % CHUNK)
    }

    /// Adds an element; returns its place.
    pub(super) fn push(&mut self, element: T) -> u32 {
        let at = self.len;
        match self.chunks.last_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => last.push(element),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(element);
                self.chunks.push(chunk);
            }
        }
        self.len = at.saturating_add(1);
        at
    }

    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_where_they_are() {
        let mut chunks = Chunks::new();
        let count = CHUNK as u32 * 2 + 1;
        for at in 0..count {
            assert_eq!(chunks.push(at), at);
        }
        assert_eq!((chunks.len(), chunks.chunks.len()), (count, 3));
        assert!((0..count).all(|at| chunks.get(at) == Some(&at)));
        assert_eq!(chunks.get(count), None);
        chunks.clear();
        assert_eq!((chunks.len(), chunks.get(0)), (0, None));
    }
}
