//! How the IPv4 identifications of one side's packets go. A host that counts them shows by its next number whether a
//! packet in its name is its own.

/// A counter may go on by this much from one packet to the next seen: a host with one counter for all its connections,
/// offloaded segments captured as one, packets that the capture lacks.
const LONGEST_STEP: u16 = 256;

/// How the IPv4 identifications of one side's packets went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpIds {
    /// Too few packets, or IPv6.
    #[default]
    Unknown,
    /// All of them zero.
    Zero,
    /// Each a little more than the one before: a counter.
    Counting {
        /// The identification of the last packet before this side's first reset, or of the last one.
        last: u16,
    },
    /// Neither: they tell nothing.
    Irregular,
}

/// The same while packets come, in four bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunningIds {
    last: u16,
    /// Packets with another identification than zero, held below [`RunningIds::IRREGULAR`], which says that they do not
    /// count.
    counted: u8,
    /// Packets with zero.
    zeros: u8,
}

impl RunningIds {
    const IRREGULAR: u8 = u8::MAX;
    pub(super) const NEW: Self = Self { last: 0, counted: 0, zeros: 0 };

    /// Takes the identification of the next packet that is neither SYN nor reset: Linux sends both outside its count.
    /// Zero stands beside a count: Linux answers so for connections that are only half there.
    pub(super) fn observe(&mut self, id: u16) {
        let step = id.wrapping_sub(self.last);
        if id == 0 {
            self.zeros = self.zeros.saturating_add(1);
        } else if self.counted == 0 || (1..=LONGEST_STEP).contains(&step) && self.counted != Self::IRREGULAR {
            self.last = id;
            self.counted = self.counted.saturating_add(1).min(Self::IRREGULAR.saturating_sub(1));
        } else if self.last.wrapping_sub(id) > LONGEST_STEP {
            // Else it is a copy, or was overtaken.
            self.counted = Self::IRREGULAR;
        }
    }

    /// What they come to.
    pub(super) const fn sum_up(self) -> IpIds {
        match (self.counted, self.zeros) {
            (Self::IRREGULAR, _) => IpIds::Irregular,
            (0, 2..) => IpIds::Zero,
            (2.., _) => IpIds::Counting { last: self.last },
            _ => IpIds::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[u16]) -> IpIds {
        let mut running = RunningIds::NEW;
        ids.iter().for_each(|id| running.observe(*id));
        running.sum_up()
    }

    #[test]
    fn a_counter_is_known_by_small_steps_also_around_its_end() {
        assert_eq!(of(&[700, 701, 745]), IpIds::Counting { last: 745 });
        assert_eq!(of(&[65_534, 65_535, 3]), IpIds::Counting { last: 3 });
        assert_eq!(of(&[0, 700, 701]), IpIds::Counting { last: 701 });
    }

    #[test]
    fn copies_and_overtaken_packets_are_no_jumps() {
        assert_eq!(of(&[700, 702, 702, 701, 703]), IpIds::Counting { last: 703 });
    }

    #[test]
    fn zeros_and_jumps_are_no_counter_and_one_packet_tells_nothing() {
        assert_eq!(of(&[0, 0, 0]), IpIds::Zero);
        assert_eq!(of(&[700, 9_000, 9_001]), IpIds::Irregular);
        assert_eq!((of(&[]), of(&[0]), of(&[700])), (IpIds::Unknown, IpIds::Unknown, IpIds::Unknown));
    }

    #[test]
    fn long_connections_stay_what_they_are() {
        let many: Vec<u16> = (1..2_000).collect();
        assert_eq!(of(&many), IpIds::Counting { last: 1_999 });
    }
}
