//! A store of values that are known by a number of four bytes: half a pointer, and without what an allocator keeps beside
//! each. Places are used again, last freed first.

use super::chunks::Chunks;

/// No place: the end of the list of free ones.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
enum Place<T> {
    Used(T),
    /// The next free place.
    Free(u32),
}

/// Values by number.
#[derive(Debug)]
pub struct Slab<T> {
    places: Chunks<Place<T>>,
    free: u32,
    len: u32,
    hand: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Chunks::new(), free: NONE, len: 0, hand: 0 }
    }
}

impl<T> Slab<T> {
    /// What a value takes, in bytes.
    pub const PLACE: usize = size_of::<Place<T>>();

    /// Keeps a value; returns its number.
    pub fn insert(&mut self, value: T) -> u32 {
        self.len = self.len.saturating_add(1);
        let at = self.free;
        match self.places.get_mut(at) {
            Some(place) => {
                if let Place::Free(next) = *place {
                    self.free = next;
                }
                *place = Place::Used(value);
                at
            }
            None => self.places.push(Place::Used(value)),
        }
    }

    /// A value.
    #[inline]
    pub fn get(&self, at: u32) -> Option<&T> {
        if let Place::Used(value) = self.places.get(at)? { Some(value) } else { None }
    }

    /// A value, to change.
    #[inline]
    pub fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        if let Place::Used(value) = self.places.get_mut(at)? { Some(value) } else { None }
    }

    /// Takes a value out.
    pub fn take(&mut self, at: u32) -> Option<T> {
        let place = self.places.get_mut(at).filter(|place| matches!(place, Place::Used(_)))?;
        let Place::Used(value) = std::mem::replace(place, Place::Free(self.free)) else { return None };
        self.free = at;
        self.len = self.len.saturating_sub(1);
        Some(value)
    }

    /// The next `count` values under a hand that goes round; each once at most.
    pub fn next_under_hand(&mut self, count: usize) -> impl Iterator<Item = (u32, &T)> {
        let (places, hand) = (&self.places, &mut self.hand);
        let steps = (0..places.len()).map(move |_| {
            let at = if *hand < places.len() { *hand } else { 0 };
            *hand = at.saturating_add(1);
            at
        });
        steps
            .filter_map(|at| if let Place::Used(value) = places.get(at)? { Some((at, value)) } else { None })
            .take(count)
    }

    /// Takes all values out.
    pub fn clear(&mut self) {
        self.places.clear();
        (self.free, self.len, self.hand) = (NONE, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_used_again_and_its_old_value_is_gone() {
        let mut slab = Slab::default();
        let [a, b] = ["a", "b"].map(|value| slab.insert(value));
        assert_eq!((slab.take(a), slab.take(a), slab.get(a)), (Some("a"), None, None));
        assert_eq!(slab.insert("c"), a);
        assert_eq!((slab.get(a), slab.get(b), slab.len), (Some(&"c"), Some(&"b"), 2));
        assert_eq!(slab.insert("d"), 2);
    }

    #[test]
    fn the_hand_goes_round_what_is_there() {
        let mut slab = Slab::default();
        for value in 0..5 {
            slab.insert(value);
        }
        slab.take(1);
        let seen =
            |slab: &mut Slab<i32>, count| slab.next_under_hand(count).map(|(_, value)| *value).collect::<Vec<_>>();
        assert_eq!(seen(&mut slab, 2), [0, 2]);
        assert_eq!(seen(&mut slab, 3), [3, 4, 0]);
        assert_eq!(seen(&mut slab, 9), [2, 3, 4, 0]);
    }
}
