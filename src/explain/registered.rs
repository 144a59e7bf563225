//! The columns of the registries that the newtypes do not carry: IANA's recommendation and the defining document.

/// The file that the registries are generated from.
const DATA: &str = include_str!("../../data/tls-registries.csv");

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// IANA's column "Recommended"; absent where there is none.
    pub(super) recommended: Option<Recommended>,
    /// The defining documents: `RFC 5246; RFC 10015`. May be empty.
    pub(super) reference: &'static str,
    /// Who uses a value that is not registered, and the like. May be empty.
    pub(super) note: &'static str,
}

/// IANA's column "Recommended" (RFC 9847).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recommended {
    /// `Y`: for general use.
    Yes,
    /// `N`: not evaluated, or not for general use.
    No,
    /// `D`: discouraged.
    Discouraged,
}

/// The row of a number in a registry, by the names that the file has for them.
pub(super) fn row(registry: &str, value: u16) -> Option<Row> {
    DATA.lines().find_map(|line| {
        let mut fields = line.strip_prefix(registry)?.strip_prefix(",0x")?.splitn(6, ',');
        if u16::from_str_radix(fields.next()?, 16) != Ok(value) {
            return None;
        }
        let (_name, _status) = (fields.next()?, fields.next()?);
        let recommended = match fields.next()? {
            "Y" => Some(Recommended::Yes),
            "N" => Some(Recommended::No),
            "D" => Some(Recommended::Discouraged),
            _ => None,
        };
        let (reference, note) = (fields.next()?, fields.next()?.trim_matches('"'));
        Some(Row { recommended, reference, note })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::registry::{AlertDescription, CipherSuite, ExtensionType, NamedGroup, SignatureScheme};

    #[test]
    fn a_row_is_found_by_its_number() {
        let row = row("cipher_suite", 0xc02b).unwrap();
        assert_eq!((row.recommended, row.reference, row.note), (Some(Recommended::Yes), "RFC 5289", ""));
        assert_eq!(super::row("cipher_suite", 0x1a2b), None);
        assert_eq!(super::row("cipher", 0xc02b), None);
    }

    #[test]
    fn every_value_that_can_be_asked_for_has_a_row() {
        let rows = |registry, values: Vec<u16>| values.into_iter().all(|value| row(registry, value).is_some());
        assert!(rows("cipher_suite", CipherSuite::ALL.iter().map(|value| value.0).collect()));
        assert!(rows("named_group", NamedGroup::ALL.iter().map(|value| value.0).collect()));
        assert!(rows("signature_scheme", SignatureScheme::ALL.iter().map(|value| value.0).collect()));
        assert!(rows("extension_type", ExtensionType::ALL.iter().map(|value| value.0).collect()));
        assert!(rows("alert_description", AlertDescription::ALL.iter().map(|value| value.0.into()).collect()));
    }
}
