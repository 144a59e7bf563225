//! The servers' certificates that handshakes showed: a bounded table, of which the soonest to expire are told.
//!
//! Anybody can show a certificate, also a made-up one: the table forgets what it was not shown for longest, and what it
//! tells is cut.

use crate::event::value::{Clean, Text};
use crate::handshake::Handshake;
use crate::knowledge::Lru;
use crate::output::lock;
use crate::time::Timestamp;
use crate::x509::{CertificateTime, Judgement};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// So many certificates are known at a time.
const MAX_CERTIFICATES: usize = 4096;
/// So many are told.
const MAX_TOLD: usize = 20;
/// One that was not seen for so long is not in use any more.
const FORGOTTEN: Duration = Duration::from_secs(86_400);
/// One that has expired longer ago is nobody's concern any more.
const LONG_EXPIRED: i64 = 30 * 86_400;
/// Bytes that are told of a text.
const MAX_TEXT: usize = 128;

/// What is told of a certificate. Where several servers show it, or for several names, it is the first of them: each other
/// one would be another series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// SHA-256, in hexadecimal digits.
    pub(super) sha256: String,
    pub(super) subject: String,
    /// The name that the client asked for; empty where it asked for none.
    pub(super) sni: String,
    /// The address and port of the server.
    pub(super) server: String,
    /// Valid up to this second.
    pub(super) not_after: CertificateTime,
}

/// The table.
pub(in super::super) struct Certificates(Mutex<Table>);

struct Table {
    known: Lru<String, Certificate>,
    /// Capture time, as far as it is known.
    now: Timestamp,
}

impl Certificates {
    /// An empty table.
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(Table { known: Lru::new(MAX_CERTIFICATES, seed), now: Timestamp::default() }))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.0)
    }

    /// Notes the server's certificate of a handshake, where it was seen.
    pub(in super::super) fn see(&self, handshake: &Handshake, sni: Option<&[u8]>, chain: &Judgement) {
        let Some(facts) = chain.certificates.first() else { return };
        let Some(not_after) = facts.not_after else { return };
        let mut table = self.table();
        let time = handshake.last.time;
        table.now = table.now.max(time);
        table.known.used(facts.sha256.as_str(), time, || {
            let certificate = Certificate {
                sha256: facts.sha256.clone(),
                subject: cut(facts.subject.clone().unwrap_or_default()),
                sni: cut(sni.map(|name| Clean(Text(name)).to_string()).unwrap_or_default()),
                server: handshake.server.to_string(),
                not_after,
            };
            (facts.sha256.clone(), certificate)
        });
    }

    /// Capture time goes on, or back where the clock was set back: what was not seen for long is forgotten.
    pub(in super::super) fn advance(&self, now: Timestamp) {
        let mut table = self.table();
        table.now = now;
        while table.known.expire(now.before(FORGOTTEN)).is_some() {}
    }

    /// Those that expire soonest, or have expired lately, the first to do so first.
    pub(super) fn soonest(&self) -> Vec<Certificate> {
        let table = self.table();
        let now = CertificateTime::of(table.now).unix_seconds();
        let lately = |known: &&Certificate| known.not_after.unix_seconds() >= now.saturating_sub(LONG_EXPIRED);
        let mut soonest: Vec<&Certificate> = table.known.values().filter(lately).collect();
        soonest.sort_unstable_by_key(|known| (known.not_after, &known.sha256));
        soonest.into_iter().take(MAX_TOLD).cloned().collect()
    }
}

/// A text that may be as long as somebody liked.
fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample::Told;
    use crate::handshake::Outcome;
    use crate::x509::CertificateFacts;

    const DAY: i64 = 86_400;
    const SECOND: u64 = 1_000_000;
    const NOW: u64 = 1_700_000_000;

    /// Shows a certificate with this number at a time, which expires so many days from [`NOW`].
    fn show(certificates: &Certificates, number: u32, sni: &[u8], at: u64, days: i64) {
        let mut handshake = Told::new("10.0.0.1:1", None, 0, Outcome::Established).handshake;
        handshake.last.time = Timestamp::from_micros(at * SECOND);
        let mut facts = CertificateFacts::read(&[]);
        facts.sha256 = format!("{number:064x}");
        facts.subject = Some(format!("CN=\"{number}\""));
        facts.not_after = Some(CertificateTime::from_unix_seconds(NOW as i64 + days * DAY));
        let chain = Judgement { certificates: vec![facts.into()], ..Judgement::default() };
        certificates.see(&handshake, Some(sni), &chain);
    }

    fn told(certificates: &Certificates) -> Vec<u32> {
        let number = |known: &Certificate| u32::from_str_radix(&known.sha256, 16).expect("a number");
        certificates.soonest().iter().map(number).collect()
    }

    #[test]
    fn those_are_told_that_expire_soonest_or_have_lately() {
        let certificates = Certificates::new(1);
        for (number, days) in [(1, 400), (2, 3), (3, -29), (4, -31), (5, 90)] {
            show(&certificates, number, b"a.test", NOW, days);
        }
        assert_eq!(told(&certificates), [3, 2, 5, 1]);
        (10..60).for_each(|number| show(&certificates, number, b"", NOW, 10));
        let told = told(&certificates);
        assert_eq!((told.len(), &told[..3]), (MAX_TOLD, &[3, 2, 10][..]));
    }

    #[test]
    fn what_is_not_in_use_any_more_is_forgotten() {
        let certificates = Certificates::new(1);
        show(&certificates, 1, b"", NOW, 1);
        show(&certificates, 2, b"", NOW + 3600, 2);
        show(&certificates, 1, b"", NOW + 7200, 1);
        certificates.advance(Timestamp::from_micros((NOW + 3601 + 86_400) * SECOND));
        assert_eq!(told(&certificates), [1]);
        certificates.advance(Timestamp::from_micros((NOW + 7201 + 86_400) * SECOND));
        assert!(told(&certificates).is_empty());
    }

    #[test]
    fn a_flood_of_them_pushes_out_the_oldest_and_no_more_are_kept() {
        let certificates = Certificates::new(1);
        let count = MAX_CERTIFICATES as u32 + 10;
        (0..count).for_each(|number| show(&certificates, number, b"", NOW, i64::from(number)));
        assert_eq!(certificates.table().known.len(), MAX_CERTIFICATES);
        assert_eq!(told(&certificates)[0], 10);
    }

    #[test]
    fn names_are_cut_and_made_harmless_and_the_first_stays() {
        let certificates = Certificates::new(1);
        let long = [b"\x1b[31m\"\n\xff".as_slice(), "ä".repeat(100).as_bytes()].concat();
        show(&certificates, 1, &long, NOW, 1);
        show(&certificates, 1, b"other.test", NOW, 1);
        let sni = &certificates.soonest()[0].sni;
        assert!(sni.starts_with(r#"\u{1b}[31m"\u{a}\xff"#) && sni.ends_with("ä..."), "{sni}");
        assert!(sni.len() <= MAX_TEXT + 3, "{}", sni.len());
    }
}
