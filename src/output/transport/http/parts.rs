//! A parcel as requests: in one where the receiver takes it so, in smaller ones where it says that one was too large, and
//! event by event where something in it was not to its liking.

use super::super::super::batch::Event;
use super::super::super::parcel::Parcel;
use super::super::Setback;

/// An event to be sent, and its place in the parcel.
pub(in super::super) type Pending<'a> = (usize, Event<'a>);

/// How much a request may have. It has at least one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Limit {
    /// Events.
    pub(in super::super) events: usize,
    /// Bytes of lines.
    pub(in super::super) bytes: usize,
}

impl Limit {
    /// None but the parcel's.
    pub(in super::super) const NONE: Self = Self { events: usize::MAX, bytes: usize::MAX };
    /// Each event by itself.
    pub(in super::super) const ONE: Self = Self { events: 1, bytes: usize::MAX };

    /// How many of these events fit.
    fn fits(self, events: &[Pending<'_>]) -> usize {
        let mut bytes = 0;
        let fit = events.iter().take(self.events).take_while(|(_, event)| {
            bytes += event.line.len();
            bytes <= self.bytes
        });
        fit.count().max(1).min(events.len())
    }
}

/// What a request came to.
#[derive(Debug)]
pub(in super::super) enum Fit {
    /// The receiver has answered for what the verdicts say.
    Answered,
    /// It is too large.
    TooLarge(String),
    /// Something in it is wrong, and the receiver does not say which event.
    Wrong(String),
}

/// What a receiver has said of single events.
#[derive(Debug, Default)]
pub(in super::super) struct Verdicts {
    /// Places of events, with the reason where one was rejected.
    given: Vec<(usize, Option<String>)>,
}

impl Verdicts {
    /// It has this one.
    pub(in super::super) fn take(&mut self, place: usize) {
        self.given.push((place, None));
    }

    /// It has all of these.
    pub(in super::super) fn take_all(&mut self, events: &[Pending<'_>]) {
        self.given.extend(events.iter().map(|(place, _)| (*place, None)));
    }

    /// It will never take this one.
    pub(in super::super) fn reject(&mut self, place: usize, reason: String) {
        self.given.push((place, Some(reason)));
    }

    fn note(self, parcel: &mut Parcel) {
        for (place, reason) in self.given {
            match reason {
                None => parcel.take(place),
                Some(reason) => parcel.reject(place, || reason),
            }
        }
    }
}

/// Sends what is pending of a parcel, in order, until all is answered for or there is a setback. A limit that turns out to
/// be too high is lowered.
///
/// # Errors
/// The first setback. What was answered for before is noted in the parcel.
pub(in super::super) fn send_parts(
    parcel: &mut Parcel,
    limit: &mut Limit,
    mut send: impl FnMut(&[Pending<'_>], &mut Verdicts) -> Result<Fit, Setback>,
) -> Result<(), Setback> {
    let pending: Vec<Pending<'_>> = parcel.pending().collect();
    let (mut rest, mut verdicts, mut end) = (pending.as_slice(), Verdicts::default(), Ok(()));
    // So many events have one among them that is wrong.
    let mut suspects = 0;
    while let Some((first, _)) = rest.first() {
        let limits = if suspects > 0 { Limit::ONE } else { *limit };
        let (part, after) = rest.split_at(limits.fits(rest));
        match send(part, &mut verdicts) {
            Ok(Fit::TooLarge(_)) if part.len() > 1 => limit.bytes = bytes(part) / 2,
            Ok(Fit::Wrong(_)) if part.len() > 1 => suspects = part.len(),
            Ok(fit) => {
                if let Fit::TooLarge(reason) | Fit::Wrong(reason) = fit {
                    verdicts.reject(*first, reason);
                }
                rest = after;
                suspects = suspects.saturating_sub(part.len());
            }
            Err(setback) => {
                end = Err(setback);
                break;
            }
        }
    }
    drop(pending);
    verdicts.note(parcel);
    end
}

fn bytes(events: &[Pending<'_>]) -> usize {
    events.iter().map(|(_, event)| event.line.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The requests that a parcel of these lines becomes, for a receiver that judges them.
    fn sent(lines: &[&str], limit: &mut Limit, judge: impl Fn(&str) -> Result<Fit, Setback>) -> (Vec<String>, Parcel) {
        let (mut requests, mut parcel) = (Vec::new(), Parcel::of_lines(lines));
        let _ = send_parts(&mut parcel, limit, |part, verdicts| {
            let lines: Vec<_> = part.iter().map(|(_, event)| String::from_utf8_lossy(event.line)).collect();
            let fit = judge(&lines.join(" "))?;
            if matches!(fit, Fit::Answered) {
                verdicts.take_all(part);
                requests.push(lines.join(" "));
            }
            Ok(fit)
        });
        (requests, parcel)
    }

    #[test]
    fn what_is_too_large_is_halved_and_the_next_parcel_is_sent_so_at_once() {
        let judge =
            |request: &str| Ok(if request.len() > 5 { Fit::TooLarge("too large".into()) } else { Fit::Answered });
        let mut limit = Limit::NONE;
        let (requests, parcel) = sent(&["aa", "bb", "cc", "dd", "eeeeeeee", "ff"], &mut limit, judge);
        assert_eq!(requests, ["aa bb", "cc dd", "ff"]);
        assert!(parcel.is_done());
        assert_eq!(parcel.rejected(), (1, Some("too large")));
        let tries = std::cell::Cell::new(0);
        sent(&["aa", "bb", "cc"], &mut limit, |request| {
            tries.set(tries.get() + 1);
            judge(request)
        });
        assert_eq!(tries.get(), 2);
    }

    #[test]
    fn a_wrong_event_is_found_and_does_not_take_others_with_it() {
        let judge = |request: &str| Ok(if request.contains('x') { Fit::Wrong("an x".into()) } else { Fit::Answered });
        let mut limit = Limit { events: 3, bytes: 100 };
        let (requests, parcel) = sent(&["a", "x", "b", "c", "d"], &mut limit, judge);
        assert_eq!(requests, ["a", "b", "c d"]);
        assert!(parcel.is_done());
        assert_eq!(parcel.rejected(), (1, Some("an x")));
        assert_eq!(limit, Limit { events: 3, bytes: 100 });
    }

    #[test]
    fn what_was_answered_for_before_a_setback_is_not_sent_again() {
        let judge = |request: &str| if request == "c" { Err(Setback::new("gone")) } else { Ok(Fit::Answered) };
        let mut limit = Limit::ONE;
        let (requests, parcel) = sent(&["a", "b", "c", "d"], &mut limit, judge);
        assert_eq!(requests, ["a", "b"]);
        assert_eq!(parcel.pending().map(|(place, _)| place).collect::<Vec<_>>(), [2, 3]);
    }
}
