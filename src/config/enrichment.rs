//! What the configuration file says of addresses: `[[network]]` tables and the databases of `[maxmind]`.

use crate::enrichment::{Database, Enrichment, Network, Networks};
use crate::output::Options;
use std::path::Path;
use std::sync::Arc;

/// The settings of a table, and where it stands: `tlscribe.toml:12`.
pub type Placed = (String, Vec<(String, String)>);

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrichmentSettings {
    /// Ranges of addresses.
    pub networks: Vec<Placed>,
    /// Databases.
    pub maxmind: Option<Placed>,
}

impl EnrichmentSettings {
    /// The files that are named.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let lists = self.networks.iter().flat_map(|(_, given)| given).filter(|(name, _)| name == "file");
        let databases = self.maxmind.iter().flat_map(|(_, given)| given);
        lists.chain(databases).map(|(_, path)| Path::new(path))
    }

    /// Reads all that is named; nothing where nothing is.
    ///
    /// # Errors
    /// A mistake of the user, in one line.
    pub(super) fn read(&self) -> Result<Option<Arc<Enrichment>>, String> {
        let mut networks = Vec::new();
        for table in &self.networks {
            networks.append(&mut at(table, ranges)?);
        }
        let databases = self.maxmind.as_ref().map(|table| at(table, databases)).transpose()?.unwrap_or_default();
        let enrichment = Enrichment { networks: Networks::from_iter(networks), databases };
        Ok((!enrichment.is_empty()).then(|| Arc::new(enrichment)))
    }
}

/// Reads a table; what is wrong is told with its place.
fn at<T>((place, given): &Placed, read: impl Fn(&mut Options) -> Result<T, String>) -> Result<T, String> {
    let mut options = Options::new(given.clone());
    let read = read(&mut options).and_then(|read| options.finish().map(|()| read));
    read.map_err(|what| format!("{place}: {what}"))
}

/// One range, or a file of many.
fn ranges(options: &mut Options) -> Result<Vec<Network>, String> {
    let (range, name, file) = (options.parsed("range")?, options.text("name")?, options.text("file")?);
    let tags: Vec<String> = options.list("tags")?;
    match (range, file) {
        (Some(range), None) => {
            let tags = tags.into_iter().map(Into::into).collect();
            Ok(vec![Network { range, name: name.map(Into::into), tags }])
        }
        (None, Some(file)) if name.is_none() && tags.is_empty() => {
            let text = std::fs::read_to_string(&file).map_err(|error| format!("{file}: cannot be read: {error}"))?;
            Network::list(&text).map_err(|what| format!("{file}: {what}"))
        }
        (None, Some(_)) => Err("a file says names and tags itself".into()),
        (Some(_), Some(_)) => Err("range and file are both given; write a table for each".into()),
        (None, None) => Err("it needs a range, as in range = \"10.0.0.0/8\", or a file of ranges".into()),
    }
}

/// What databases are for is their own business: the keys are names for people.
fn databases(options: &mut Options) -> Result<Vec<Database>, String> {
    let mut databases = Vec::new();
    for kind in ["city", "country", "asn"] {
        let path = options.text(kind)?;
        databases.extend(path.map(|path| Database::read(Path::new(&path))).transpose()?);
    }
    Ok(databases)
}

#[cfg(test)]
mod tests {
    use super::super::File;

    fn mistake(text: &str) -> String {
        let file = File::of("a.toml".as_ref(), text).expect("it is TOML");
        file.enrichment.read().expect_err("a mistake")
    }

    #[test]
    fn ranges_stand_in_tables_and_in_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join("assets.csv");
        std::fs::write(&list, "10.0.0.5,till,pci;shop\n").expect("a file");
        let text = format!("[[network]]\nrange = \"10.0.0.0/8\"\nname = \"office\"\n[[network]]\nfile = {list:?}\n");
        let file = File::of("a.toml".as_ref(), &text).expect("it is TOML");
        let enrichment = file.enrichment.read().expect("it makes sense").expect("something");
        let known = enrichment.of("10.0.0.5".parse().expect("an address"));
        assert_eq!((known.name.as_deref(), known.tags.len()), (Some("till"), 2));
        assert_eq!(enrichment.to_string(), "2 address ranges");
        let nothing = File::of("a.toml".as_ref(), "").expect("it is TOML");
        assert!(nothing.enrichment.read().expect("it makes sense").is_none());
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let unknown = mistake("\n[[network]]\nrange = \"10.0.0.0/8\"\ntag = \"x\"");
        assert_eq!(unknown, "a.toml:2: it has no option tag; did you mean tags?");
        assert!(mistake("[[network]]\nname = \"x\"").starts_with("a.toml:1: it needs a range"));
        assert!(mistake("[[network]]\nrange = \"10.0.0.0/8\"\nfile = \"x\"").contains("both given"));
        assert!(
            mistake("[[network]]\nrange = \"office\"").starts_with("a.toml:1: range=office: `office` is no address")
        );
        assert!(mistake("[[network]]\nfile = \"/no/x.csv\"").contains("/no/x.csv: cannot be read"));
        assert!(mistake("[maxmind]\ncity = \"/dev/null\"").starts_with("a.toml:1: /dev/null: no MaxMind database: "));
        assert_eq!(mistake("[maxmind]\nctiy = \"x\""), "a.toml:1: it has no option ctiy; did you mean city?");
    }
}
