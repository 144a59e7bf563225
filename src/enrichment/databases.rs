//! Databases in MaxMind's format, by whoever they are: country and city of an address, and its autonomous system.

use super::Known;
use maxminddb::Reader;
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

/// An open database, all of it in memory.
pub struct Database {
    reader: Reader<Vec<u8>>,
}

/// What we look for; each kind of database has a part of it.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    country: Option<Country<'a>>,
    city: Option<City<'a>>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<&'a str>,
}

#[derive(Deserialize)]
struct Country<'a> {
    iso_code: Option<&'a str>,
}

#[derive(Deserialize)]
struct City<'a> {
    #[serde(borrow)]
    names: Option<Names<'a>>,
}

#[derive(Deserialize)]
struct Names<'a> {
    en: Option<&'a str>,
}

impl Database {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
        let reader = Reader::from_source(bytes);
        let reader = reader.map_err(|error| format!("{}: no MaxMind database: {error}", path.display()))?;
        Ok(Self { reader })
    }

    /// Adds what is known of an address, and not told yet. What is broken in a database is as if it were not there.
    pub(super) fn add(&self, address: IpAddr, known: &mut Known) {
        let Ok(Some(entry)) = self.reader.lookup(address).and_then(|found| found.decode::<Entry<'_>>()) else { return };
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(Box::from);
        let take = |place: &mut Option<Box<str>>, found: Option<&str>| *place = place.take().or_else(|| text(found));
        take(&mut known.country, entry.country.and_then(|country| country.iso_code));
        take(&mut known.city, entry.city.and_then(|city| city.names).and_then(|names| names.en));
        take(&mut known.as_org, entry.autonomous_system_organization);
        known.asn = known.asn.or(entry.autonomous_system_number);
    }
}

/// What it is, and of when.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata = self.reader.metadata();
        f.write_str(&metadata.database_type)?;
        let built = i64::try_from(metadata.build_epoch).ok().and_then(|built| jiff::Timestamp::from_second(built).ok());
        built.map_or(Ok(()), |built| write!(f, " of {}", built.strftime("%Y-%m-%d")))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}
