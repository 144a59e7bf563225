//! Ranges of addresses with names and tags. A name is that of the narrowest range around an address, tags are those of
//! all of them.

use super::Known;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    bits: u128,
    length: u8,
    v4: bool,
}

impl Range {
    /// The range around an address whose prefix has this length: no more than 32 of IPv4, and 128 of IPv6.
    pub fn around(address: IpAddr, length: u8) -> Self {
        let (bits, width, v4) = match address {
            IpAddr::V4(address) => (address.to_bits().into(), 32_u32, true),
            IpAddr::V6(address) => (address.to_bits(), 128, false),
        };
        let beyond = width.saturating_sub(length.into());
        // All bits are beyond a prefix of none, and no shift goes so far.
        let bits = u128::checked_shr(bits, beyond).and_then(|bits| bits.checked_shl(beyond)).unwrap_or(0);
        Self { bits, length, v4 }
    }

    /// True where an address is in it.
    pub fn contains(self, address: IpAddr) -> bool {
        self.v4 == address.is_ipv4() && Self::around(address, self.length) == self
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr =
            address.parse().map_err(|_| format!("`{text}` is no address and no range, as 10.0.0.0/8 is one"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(most), |length| length.parse().ok().filter(|length| *length <= most));
        let length = length.ok_or_else(|| format!("`{text}`: the length of the prefix is a number up to {most}"))?;
        Ok(Self::around(address, length))
    }
}

/// What is said of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The range.
    pub range: Range,
    /// Its name.
    pub name: Option<Box<str>>,
    /// Its tags.
    pub tags: Vec<Box<str>>,
}

impl Network {
    /// Reads a list: a line for each range, `range,name,tag;tag`, name and tags as they are there. Empty lines do not count,
    /// nor do those that begin with `#`, nor a first line that names the columns.
    ///
    /// # Errors
    /// A line makes no sense; which one, and why.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let lines = text.lines().enumerate().map(|(at, line)| (at, line.trim()));
        let lines =
            lines.filter(|(at, line)| !line.is_empty() && !line.starts_with('#') && (*at > 0 || !is_title(line)));
        lines.map(|(at, line)| Self::line(line).map_err(|what| format!("line {}: {what}", at + 1))).collect()
    }

    fn line(line: &str) -> Result<Self, String> {
        let mut cells = line.split(',').map(|cell| cell.trim().trim_matches('"').trim());
        let (range, name, tags) = (cells.next().unwrap_or_default(), cells.next(), cells.next());
        if cells.next().is_some() {
            return Err("there are more than three columns: range, name, and tags with semicolons between them".into());
        }
        let tags = tags.unwrap_or_default().split(';').map(str::trim).filter(|tag| !tag.is_empty());
        let name = name.filter(|name| !name.is_empty()).map(Box::from);
        Ok(Self { range: range.parse()?, name, tags: tags.map(Box::from).collect() })
    }
}

fn is_title(line: &str) -> bool {
    line.split(',').next().is_some_and(|cell| cell.trim().eq_ignore_ascii_case("range"))
}

/// What there is to say of a range: its name, and its tags.
type Said = (Option<Box<str>>, Vec<Box<str>>);

/// All ranges, by the lengths of their prefixes.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    by_length: BTreeMap<u8, HashMap<Range, Said>>,
}

impl Networks {
    /// How many ranges there are.
    pub fn count(&self) -> usize {
        self.by_length.values().map(HashMap::len).sum()
    }

    /// Adds what is known of an address.
    pub(super) fn add(&self, address: IpAddr, known: &mut Known) {
        let most = if address.is_ipv4() { 32 } else { 128 };
        for (length, ranges) in self.by_length.range(..=most) {
            let Some((name, tags)) = ranges.get(&Range::around(address, *length)) else { continue };
            known.name = name.clone().or(known.name.take());
            for tag in tags.iter().filter(|tag| !known.tags.contains(tag)).collect::<Vec<_>>() {
                known.tags.push(tag.clone());
            }
        }
    }
}

/// Of a range that is said more than once, the last name counts, and all tags.
impl FromIterator<Network> for Networks {
    fn from_iter<T: IntoIterator<Item = Network>>(all: T) -> Self {
        let mut networks = Self::default();
        for Network { range, name, mut tags } in all {
            let said = networks.by_length.entry(range.length).or_default().entry(range).or_default();
            said.0 = name.or(said.0.take());
            said.1.append(&mut tags);
        }
        networks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(range: &str, name: &str, tags: &[&str]) -> Network {
        let name = (!name.is_empty()).then(|| Box::from(name));
        Network { range: range.parse().expect("a range"), name, tags: tags.iter().map(|tag| Box::from(*tag)).collect() }
    }

    fn known(networks: &Networks, address: &str) -> (Option<String>, Vec<String>) {
        let mut known = Known::default();
        networks.add(address.parse().expect("an address"), &mut known);
        (known.name.map(|name| name.to_string()), known.tags.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_narrowest_name_and_the_tags_of_all_ranges() {
        let networks: Networks = [
            network("10.0.0.0/8", "office", &["inside"]),
            network("10.1.0.0/16", "", &["pci", "inside"]),
            network("10.1.2.3", "till 7", &["owner:payments"]),
            network("0.0.0.0/0", "world", &[]),
            network("2001:db8::/32", "lab", &["six"]),
        ]
        .into_iter()
        .collect();
        let said = |name: &str, tags: &[&str]| (Some(name.to_owned()), tags.iter().map(ToString::to_string).collect());
        assert_eq!(known(&networks, "10.1.2.3"), said("till 7", &["inside", "pci", "owner:payments"]));
        assert_eq!(known(&networks, "10.1.2.4"), said("office", &["inside", "pci"]));
        assert_eq!(known(&networks, "10.2.2.4"), said("office", &["inside"]));
        assert_eq!(known(&networks, "11.0.0.1"), said("world", &[]));
        assert_eq!(known(&networks, "2001:db8:7::1"), said("lab", &["six"]));
        assert_eq!(known(&networks, "2001:db9::1"), (None, vec![]), "0.0.0.0/0 is of IPv4 alone");
        assert_eq!(networks.count(), 5);
    }

    #[test]
    fn ranges_are_told_from_what_is_none() {
        assert_eq!("10.9.8.7/8".parse::<Range>(), "10.0.0.0/8".parse());
        for wrong in ["10.0.0.0/33", "10.0.0/8", "::/129", "office", "10.0.0.0/", ""] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_is_a_table_of_three_columns() {
        let list = Network::list("range,name,tags\n# ours\n10.0.0.0/8,\"the office\",pci; dmz\n\n10.0.0.5\n");
        assert_eq!(list, Ok(vec![network("10.0.0.0/8", "the office", &["pci", "dmz"]), network("10.0.0.5", "", &[])]));
        assert!(Network::list("10.0.0.0/8\nx,y").expect_err("no range").starts_with("line 2: `x` is no address"));
        assert!(Network::list("10.0.0.0/8,a,b,c").expect_err("too much").contains("more than three columns"));
    }
}
