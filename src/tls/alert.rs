//! Alerts and ChangeCipherSpec: the two protocols beside the handshake whose messages are a few bytes.

use super::error::{ParseError, Rule};
use super::registry::{AlertDescription, AlertLevel};
use super::wire::{broken, field, message, u8};
use nom::Parser;

/// An alert (RFC 5246 section 7.2, RFC 8446 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alert {
    /// Its level, which TLS 1.3 ignores.
    pub level: AlertLevel,
    /// What it says.
    pub description: AlertDescription,
}

impl Alert {
    /// Reads a fragment of content type alert that is in the clear: exactly two bytes. A longer one is encrypted, or
    /// more than one alert.
    ///
    /// # Errors
    /// A fragment of another length.
    pub fn parse(fragment: &[u8]) -> Result<Self, ParseError> {
        message("Alert", fragment, |input| {
            let (input, level) = field("level", u8.map(AlertLevel))(input)?;
            let (input, description) = field("description", u8.map(AlertDescription))(input)?;
            Ok((input, Self { level, description }))
        })
    }
}

/// ChangeCipherSpec (RFC 5246 section 7.1): what follows it is encrypted. In TLS 1.3 it says nothing (RFC 8446
/// appendix D.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeCipherSpec;

impl ChangeCipherSpec {
    /// Reads a fragment of content type change_cipher_spec: one byte, which is 1.
    ///
    /// # Errors
    /// A fragment of another length or value.
    pub fn parse(fragment: &[u8]) -> Result<Self, ParseError> {
        message(
            "ChangeCipherSpec",
            fragment,
            field("type", |input| match u8(input)? {
                (rest, 1) => Ok((rest, Self)),
                _ => broken(input, Rule::BadValue),
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_two_bytes() {
        let alert = Alert::parse(&[2, 40]).unwrap();
        let expected = Alert { level: AlertLevel::FATAL, description: AlertDescription::HANDSHAKE_FAILURE };
        assert_eq!(alert, expected);
        assert_eq!(
            Alert::parse(&[]).unwrap_err().to_string(),
            "Alert.level at byte 0: it does not fit in what contains it"
        );
        assert_eq!(Alert::parse(&[2]).unwrap_err().field, "description");
        let long = Alert::parse(&[2, 40, 1]).unwrap_err();
        assert_eq!((long.offset, long.rule), (2, Rule::Trailing));
    }

    #[test]
    fn unknown_levels_and_descriptions_survive() {
        assert_eq!(
            Alert::parse(&[7, 250]).unwrap(),
            Alert { level: AlertLevel(7), description: AlertDescription(250) }
        );
    }

    #[test]
    fn change_cipher_spec_is_a_one() {
        assert!(ChangeCipherSpec::parse(&[1]).is_ok());
        assert_eq!(ChangeCipherSpec::parse(&[2]).unwrap_err().rule, Rule::BadValue);
        assert_eq!(ChangeCipherSpec::parse(&[]).unwrap_err().rule, Rule::Truncated);
        assert_eq!(ChangeCipherSpec::parse(&[1, 1]).unwrap_err().rule, Rule::Trailing);
    }
}
