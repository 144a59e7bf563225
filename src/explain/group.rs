//! Named groups: what each is, how strong, and whether to offer it.

use super::Explanation;
use super::registered::{Recommended, row};
use crate::policy::is_weak_curve;
use crate::tls::registry::NamedGroup;

pub(super) fn explain(group: NamedGroup) -> Explanation {
    let name = group.name().or(group.unregistered_name()).unwrap_or("unnamed");
    let title = Explanation::new(format!("{name}, named group {:#06x} ({})", group.0, group.0));
    let row = row("named_group", group.0);
    let (status, advice) = judgement(group, name, row.and_then(|row| row.recommended));
    title
        .with("What it is", what(group, name))
        .with("Status", status)
        .with("What to do", advice)
        .with("Defined in", row.map_or("", |row| row.reference))
        .with("Note", row.map_or("", |row| row.note))
}

fn what(group: NamedGroup, name: &str) -> String {
    if group.is_post_quantum() {
        return match group.bits() {
            Some(bits) => format!(
                "A hybrid: a curve of {bits} bits together with a post-quantum KEM. The secret is safe as long as either \
                 holds. Its key share is about 1.2 KB, so that a ClientHello no longer fits into one packet."
            ),
            None => "ML-KEM alone, a key exchange that should hold against quantum computers.".to_owned(),
        };
    }
    let bits = group.bits().map_or_else(String::new, |bits| format!(", {bits} bits"));
    if group.is_finite_field() {
        return format!("Diffie-Hellman in a finite field with a prime that is known to be sound{bits}.");
    }
    let family = [
        ("x", "A Montgomery curve"),
        ("secp256r1", "NIST's curve P-256 (also prime256v1)"),
        ("secp384r1", "NIST's curve P-384"),
        ("secp521r1", "NIST's curve P-521"),
        ("secp256k1", "The curve of Bitcoin"),
        ("secp", "A curve over a prime field"),
        ("sect", "A curve over a binary field"),
        ("brainpool", "A curve of the Brainpool, used mostly in Germany"),
        ("GC", "A curve of the Russian GOST"),
        ("curveSM2", "The curve of the Chinese SM2"),
        ("arbitrary", "Not one curve: the server spells out its own parameters, which nobody can check in time"),
    ];
    match family.iter().find(|(start, _)| name.starts_with(start)) {
        Some((_, family)) => format!("{family}{bits}."),
        None => "A group of which nothing is known here.".to_owned(),
    }
}

fn judgement(group: NamedGroup, name: &str, recommended: Option<Recommended>) -> (&'static str, &'static str) {
    const OFFER: &str = "Offer X25519MLKEM768, x25519, secp256r1 and secp384r1.";
    match recommended {
        _ if is_weak_curve(group) => ("Weak: less than 224 bits. Withdrawn by RFC 8422.", OFFER),
        Some(Recommended::Yes) => ("Recommended by IANA.", "Use it."),
        Some(Recommended::Discouraged) => ("Discouraged by IANA; RFC 8422 withdrew it.", OFFER),
        _ if name.contains("Kyber") || name.contains("CECPQ") => {
            ("Obsolete: an experiment from before ML-KEM was standard.", "Update the side that offers it.")
        }
        Some(Recommended::No) if group.is_post_quantum() => {
            ("In order, but not for general use as yet.", "X25519MLKEM768 is the one that nearly everybody has.")
        }
        Some(Recommended::No) if group.is_finite_field() => {
            ("In order, but slow.", "Prefer x25519 or secp256r1; keep it for clients that have no curves.")
        }
        Some(Recommended::No) if name.starts_with("arbitrary") || name.starts_with("sect") => {
            ("Withdrawn by RFC 8422; not in TLS 1.3.", OFFER)
        }
        Some(Recommended::No) => {
            ("Not for general use: no break is known, but few have it.", "Use it where it was chosen on purpose.")
        }
        None => ("Not registered.", OFFER),
    }
}
