//! Filter expressions as tcpdump takes them (pcap-filter(7)), compiled by libpcap and run on frames of any link type.

use crate::packet::{Frame, LinkType};
use ::pcap::{BpfProgram, Capture, Linktype};
use std::collections::HashMap;

/// Link types on which an expression is tried before anything is read: the one nearly every capture has, then some
/// that know words which Ethernet does not.
const TRIED: [LinkType; 7] =
    [LinkType(1), LinkType(101), LinkType(113), LinkType(276), LinkType(127), LinkType(9), LinkType(0)];

/// A filter expression. Its programs depend on the link type, so that one is compiled for each that occurs.
///
/// `len`, `less` and `greater` mean the captured length, not that on the wire: libpcap's wrapper hands over no other.
pub struct Filter {
    expression: String,
    programs: Vec<Program>,
    /// Where in `programs` that of a link type is.
    index: HashMap<LinkType, usize>,
    /// The same for the link type of the last frame: most captures have but one.
    last: Option<(LinkType, usize)>,
}

enum Program {
    Run(BpfProgram),
    /// The expression holds for no frame of the link type.
    Nothing,
}

/// A filter expression that libpcap does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It does not take it for any link type.
    #[error("the filter {expression:?} is not valid: {reason}; pcap-filter(7) describes the syntax")]
    Invalid {
        /// The expression.
        expression: String,
        /// libpcap's word.
        reason: String,
    },
    /// It does not take it for a link type that occurs.
    #[error("the filter {expression:?} cannot be used on link type {}: {reason}", .link.0)]
    LinkType {
        /// The expression.
        expression: String,
        /// The link type.
        link: LinkType,
        /// libpcap's word.
        reason: String,
    },
}

impl Filter {
    /// Checks an expression.
    pub fn new(expression: &str) -> Result<Self, FilterError> {
        let mut failure = None;
        for link in TRIED {
            match compile(expression, link) {
                Ok(program) => {
                    return Ok(Self {
                        expression: expression.to_owned(),
                        programs: vec![program],
                        index: HashMap::from([(link, 0)]),
                        last: Some((link, 0)),
                    });
                }
                // The first link type's word is that on the usual one.
                Err(reason) => failure = failure.or(Some(reason)),
            }
        }
        Err(FilterError::Invalid { expression: expression.to_owned(), reason: failure.unwrap_or_default() })
    }

    /// True where the expression holds for the frame; an error where it cannot be asked on the frame's link type.
    #[inline]
    pub fn matches(&mut self, frame: &Frame<'_>) -> Result<bool, FilterError> {
        let at = match self.last {
            Some((link, at)) if link == frame.link => at,
            _ => self.program(frame.link)?,
        };
        Ok(match self.programs.get(at) {
            Some(Program::Run(program)) => program.filter(frame.bytes),
            _ => false,
        })
    }

    /// Where the program for a link type is; it is compiled if need be.
    fn program(&mut self, link: LinkType) -> Result<usize, FilterError> {
        let at = match self.index.get(&link) {
            Some(at) => *at,
            None => {
                let expression = &self.expression;
                self.programs.push(compile(expression, link).map_err(|reason| FilterError::LinkType {
                    expression: expression.clone(),
                    link,
                    reason,
                })?);
                let at = self.programs.len().saturating_sub(1);
                self.index.insert(link, at);
                at
            }
        };
        self.last = Some((link, at));
        Ok(at)
    }
}

/// Compiles an expression, or gives libpcap's reason why not.
fn compile(expression: &str, link: LinkType) -> Result<Program, String> {
    let compiled = Capture::dead(dlt(link)).and_then(|dead| dead.compile(expression, true));
    match compiled {
        Ok(program) => Ok(Program::Run(program)),
        // What tcpdump refuses is an answer here: other link types of the same capture may match.
        Err(::pcap::Error::PcapError(reason)) if reason.contains("rejects all packets") => Ok(Program::Nothing),
        Err(::pcap::Error::PcapError(reason)) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}

/// Link types of files, and libpcap's own number for each where that is another (pcap-linktype(7)).
const OWN_NUMBERS: [(u16, i32); 2] = [(100, 11), (101, 12)];

/// libpcap's own number for a link type.
fn dlt(link: LinkType) -> Linktype {
    let own = OWN_NUMBERS.iter().find(|(file, _)| *file == link.0);
    Linktype(own.map_or(i32::from(link.0), |(_, own)| *own))
}

/// The link type of libpcap's own number.
pub(super) fn link_type(own: i32) -> Option<LinkType> {
    let file = OWN_NUMBERS.iter().find(|(_, number)| *number == own);
    file.map(|(file, _)| *file).or_else(|| u16::try_from(own).ok()).map(LinkType)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    /// An IPv4 packet with a TCP segment from 10.0.0.1:50000 to 10.0.0.2:443.
    const IP: [u8; 40] = [
        0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, //
        0xc3, 0x50, 0x01, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0,
    ];

    fn frame(link: u16, bytes: &[u8]) -> Frame<'_> {
        Frame {
            number: 1,
            time: Timestamp::default(),
            link: LinkType(link),
            interface: 0,
            original_length: bytes.len() as u32,
            bytes,
        }
    }

    fn ethernet() -> Vec<u8> {
        [&[0; 12][..], &[8, 0], &IP].concat()
    }

    #[test]
    fn one_expression_serves_every_link_type() {
        let mut filter = Filter::new("host 10.0.0.2 and tcp port 443").unwrap();
        let mut other = Filter::new("port 80").unwrap();
        let sll = [&[0; 14][..], &[8, 0], &IP].concat();
        let null = [&2_u32.to_ne_bytes()[..], &IP].concat();
        for (link, bytes) in [(1, ethernet()), (101, IP.to_vec()), (113, sll), (0, null), (1, ethernet())] {
            assert_eq!(filter.matches(&frame(link, &bytes)), Ok(true), "link type {link}");
            assert_eq!(other.matches(&frame(link, &bytes)), Ok(false), "link type {link}");
        }
        assert_eq!(filter.matches(&frame(1, &ethernet()[..20])), Ok(false));
        assert_eq!(filter.matches(&frame(1, &[])), Ok(false));
    }

    #[test]
    fn a_syntax_error_is_one_line_with_the_expression_and_the_reason() {
        let message = Filter::new("tcp prot 443").err().unwrap().to_string();
        assert!(message.contains("\"tcp prot 443\""), "{message}");
        assert!(message.contains("syntax error"), "{message}");
        assert!(!message.contains('\n'), "{message}");
        assert!(Filter::new("port 99999").is_err());
        assert!(Filter::new("a\0b").is_err());
    }

    #[test]
    fn what_only_other_link_types_know_is_valid_but_not_on_ethernet() {
        let mut filter = Filter::new("type mgt").unwrap();
        let error = filter.matches(&frame(1, &ethernet())).unwrap_err();
        assert!(matches!(error, FilterError::LinkType { link: LinkType(1), .. }), "{error}");
    }

    #[test]
    fn what_can_hold_for_no_frame_of_a_link_type_matches_none() {
        let mut filter = Filter::new("ip6").unwrap();
        assert_eq!(filter.matches(&frame(228, &IP)), Ok(false));
        let mut filter = Filter::new("ip").unwrap();
        assert_eq!(filter.matches(&frame(228, &IP)), Ok(true));
    }

    #[test]
    fn an_empty_expression_takes_every_frame() {
        assert_eq!(Filter::new("").unwrap().matches(&frame(1, &ethernet())), Ok(true));
    }
}
