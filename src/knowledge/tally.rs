//! How often something was seen, by how many clients, and when last; kept so that one sighting can be taken out again.

use super::view::Seen;
use crate::time::Timestamp;

/// Different clients of a server are told apart up to this many: a bit for each.
pub const MAX_CLIENTS: usize = 64;

/// One sighting, as tallies take it in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    /// Its number: later sightings have higher ones.
    pub(super) sequence: u64,
    /// When it was.
    pub(super) time: Timestamp,
    /// The client's bit in its server's set; none where there are too many clients.
    pub(super) client: u64,
}

/// A count of sightings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    count: u32,
    /// Clients that were seen once, and those that were seen more often.
    once: u64,
    more: u64,
    /// The last two times, the later first, and whose they are.
    last: [(Timestamp, u64); 2],
    /// The first sighting that it has: one before that was forgotten with what was here.
    since: u64,
}

/// What a tally says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) count: u32,
    pub(super) clients: u32,
    pub(super) last: Option<Timestamp>,
}

impl Tally {
    /// With one sighting.
    pub(super) fn new(note: Note) -> Self {
        let nothing = (Timestamp::default(), u64::MAX);
        let mut tally = Self { count: 0, once: 0, more: 0, last: [nothing; 2], since: note.sequence };
        tally.add(note);
        tally
    }

    pub(super) fn add(&mut self, note: Note) {
        self.more |= self.once & note.client;
        self.once = (self.once | note.client) & !self.more;
        let [latest, before] = &mut self.last;
        if self.count == 0 || note.time >= latest.0 {
            *before = std::mem::replace(latest, (note.time, note.sequence));
        } else if self.count == 1 || note.time > before.0 {
            *before = (note.time, note.sequence);
        }
        self.count = self.count.saturating_add(1);
    }

    /// When it was last seen.
    pub(super) const fn latest(&self) -> Timestamp {
        self.last[0].0
    }

    pub(super) fn all(&self) -> Count {
        let clients = (self.once | self.more).count_ones();
        Count { count: self.count, clients, last: (self.count > 0).then(|| self.latest()) }
    }

    /// What it says without one sighting that it may have.
    pub(super) fn without(&self, note: Note) -> Count {
        let Count { count, .. } = self.all();
        if note.sequence < self.since {
            return self.all();
        }
        let [latest, before] = self.last;
        let others = count.saturating_sub(1);
        let last = if latest.1 == note.sequence { before.0 } else { latest.0 };
        Count {
            count: others,
            clients: (self.once & !note.client | self.more).count_ones(),
            last: (others > 0).then_some(last),
        }
    }
}

/// Different values, each with its tally: at most so many, and the one that was longest not seen goes first.
#[derive(Clone, Debug)]
pub(super) struct Values<T, const MAX: usize>(Vec<(T, Tally)>);

impl<T, const MAX: usize> Default for Values<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Values<T, MAX> {
    /// One more sighting of the value that `is_it` knows; where there is none, `make` makes it.
    pub(super) fn add(&mut self, note: Note, is_it: impl Fn(&T) -> bool, make: impl FnOnce() -> T) {
        if let Some((_, tally)) = self.0.iter_mut().find(|(value, _)| is_it(value)) {
            tally.add(note);
            return;
        }
        if self.0.len() >= MAX
            && let Some(oldest) = (0..self.0.len()).min_by_key(|at| self.0.get(*at).map(|(_, tally)| tally.latest()))
        {
            self.0.swap_remove(oldest);
        }
        self.0.push((make(), Tally::new(note)));
    }

    /// The values that other sightings than this one showed since `since`, and what they say. The sighting's own values
    /// are those that `is_own` knows.
    pub(super) fn others(
        &self,
        note: Note,
        since: Timestamp,
        is_own: impl Fn(&T) -> bool,
    ) -> impl Iterator<Item = (&T, Count)> {
        self.0
            .iter()
            .map(move |(value, tally)| (value, if is_own(value) { tally.without(note) } else { tally.all() }))
            .filter(move |(_, count)| count.last.is_some_and(|last| last >= since))
    }

    /// How many values there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Clone + Ord, const MAX: usize> Values<T, MAX> {
    /// What others showed, the most frequent first.
    pub(super) fn seen<U: From<T>>(&self, note: Note, since: Timestamp, is_own: impl Fn(&T) -> bool) -> Vec<Seen<U>> {
        let mut found: Vec<_> = self.others(note, since, is_own).collect();
        found.sort_by(|one, other| other.1.count.cmp(&one.1.count).then_with(|| one.0.cmp(other.0)));
        let seen = |(value, count): (&T, Count)| Seen {
            value: U::from(value.clone()),
            count: count.count,
            clients: count.clients,
            last: count.last.unwrap_or_default(),
        };
        found.into_iter().map(seen).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn note(sequence: u64, seconds: u64, client: u32) -> Note {
        Note { sequence, time: Timestamp::from_micros(seconds * 1_000_000), client: 1 << client }
    }

    #[test]
    fn a_value_that_was_forgotten_and_came_again_has_nothing_of_what_was_forgotten() {
        let mut values: Values<u8, 1> = Values::default();
        let own = note(1, 1, 1);
        values.add(own, |value| *value == 7, || 7);
        values.add(note(2, 2, 2), |value| *value == 8, || 8);
        values.add(note(3, 3, 3), |value| *value == 7, || 7);
        let others: Vec<_> = values.others(own, Timestamp::default(), |value| *value == 7).collect();
        assert_eq!(others, [(&7, Count { count: 1, clients: 1, last: Some(note(3, 3, 3).time) })]);
    }

    proptest! {
        #[test]
        fn a_tally_without_a_sighting_is_a_tally_that_never_had_it(
            seen in prop::collection::vec((0_u64..5, 0_u32..4), 2..20),
            own in any::<prop::sample::Index>(),
        ) {
            let notes: Vec<_> =
                seen.iter().zip(0..).map(|((seconds, client), sequence)| note(sequence, *seconds, *client)).collect();
            let own = own.index(notes.len());
            let tally = |notes: &[Note]| {
                let mut tally = Tally::new(notes[0]);
                notes[1..].iter().for_each(|note| tally.add(*note));
                tally
            };
            let others: Vec<_> = notes.iter().enumerate().filter(|(at, _)| *at != own).map(|(_, note)| *note).collect();
            prop_assert_eq!(tally(&notes).without(notes[own]), tally(&others).all());
        }
    }
}
