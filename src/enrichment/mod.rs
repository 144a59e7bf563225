//! What the user knows of addresses: names and tags of ranges, and databases that tell where an address is and whose.
//! All of it is read before traffic is, and kept in memory. Where nothing of it is given, nothing is looked up.

mod databases;
mod networks;

pub use databases::Database;
pub use networks::{Network, Networks, Range};

use crate::knowledge::Lru;
use crate::time::Timestamp;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// So many addresses are remembered with what is known of them.
const MAX_ADDRESSES: usize = 65_536;

/// What is known of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The name of the narrowest range that has one.
    pub name: Option<Box<str>>,
    /// The tags of all ranges around it, the widest first, each once.
    pub tags: Vec<Box<str>>,
    /// Its country, as ISO 3166 codes it.
    pub country: Option<Box<str>>,
    /// Its city, in English.
    pub city: Option<Box<str>>,
    /// Its autonomous system.
    pub asn: Option<u32>,
    /// Whose that is.
    pub as_org: Option<Box<str>>,
}

/// Of an address of which nothing is known.
pub static NOTHING: Known = Known { name: None, tags: Vec::new(), country: None, city: None, asn: None, as_org: None };

/// All that was given.
#[derive(Debug, Default)]
pub struct Enrichment {
    /// Ranges with names and tags.
    pub networks: Networks,
    /// Databases; where several know the same, the first one counts.
    pub databases: Vec<Database>,
}

impl Enrichment {
    /// True where there is nothing to look up.
    pub fn is_empty(&self) -> bool {
        self.networks.count() == 0 && self.databases.is_empty()
    }

    /// What is known of an address.
    pub fn of(&self, address: IpAddr) -> Known {
        let mut known = Known::default();
        self.networks.add(address, &mut known);
        self.databases.iter().for_each(|database| database.add(address, &mut known));
        known
    }
}

/// How much there is, in a few words.
impl fmt::Display for Enrichment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = match self.networks.count() {
            0 => None,
            1 => Some("1 address range".to_owned()),
            count => Some(format!("{count} address ranges")),
        };
        let parts: Vec<_> = ranges.into_iter().chain(self.databases.iter().map(ToString::to_string)).collect();
        f.write_str(&parts.join("; "))
    }
}

/// Looks addresses up, and remembers those that were seen last: the same ends come again and again.
pub struct Lookup {
    enrichment: Arc<Enrichment>,
    seen: Lru<IpAddr, Arc<Known>>,
}

impl Lookup {
    /// In this; `seed` is a number that nobody can guess.
    pub fn new(enrichment: Arc<Enrichment>, seed: u64) -> Self {
        Self { enrichment, seen: Lru::new(MAX_ADDRESSES, seed) }
    }

    /// What is known of an address.
    pub fn known(&mut self, address: IpAddr) -> Arc<Known> {
        let make = || (address, Arc::new(self.enrichment.of(address)));
        let found = self.seen.used(&address, Timestamp::default(), make);
        found.map_or_else(|| Arc::new(self.enrichment.of(address)), |(_, known, _)| Arc::clone(known))
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").field("enrichment", &self.enrichment).finish_non_exhaustive()
    }
}
