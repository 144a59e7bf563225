//! Findings: why each is one, and what to do about it.

use super::Explanation;
use crate::policy::Finding;

pub(super) fn explain(finding: Finding) -> Explanation {
    let (why, advice) = text(finding);
    Explanation::new(format!("{finding}, finding"))
        .with("What it is", finding.summary())
        .with("Why", why)
        .with("What to do", advice)
}

#[rustfmt::skip]
fn text(finding: Finding) -> (&'static str, &'static str) {
    use Finding as F;
    const MODERN_SUITES: &str = "Take it off the server's list. ECDHE with GCM or ChaCha20-Poly1305, and the suites of TLS 1.3, are enough for everything of the last ten years.";
    match finding {
        F::WeakCipherSuite => (
            "It stands beside one or more of null_encryption, anonymous_key_exchange, export_cipher, rc4, des, 3des and idea.",
            MODERN_SUITES,
        ),
        F::NullEncryption => (
            "The suite protects records from change, but does not hide them. Passwords and cookies are on the wire as they are.",
            "Choose a suite that encrypts, unless reading along is wanted (some industrial networks).",
        ),
        F::AnonymousKeyExchange => (
            "No certificate is shown and nothing is signed, so the client cannot know with whom it has agreed on keys.",
            "Give the server a certificate and take the anon suites off both lists. Mail servers offer them for encryption without a name; there it is better than nothing.",
        ),
        F::ExportCipher => (
            "They were made weak to meet the export rules of the 1990s. A server that still takes them also endangers clients that do not want them (FREAK, Logjam).",
            "Turn the export suites off; update the side that offers nothing better.",
        ),
        F::Rc4 => (
            "What is sent often under changing keys, such as a cookie, can be recovered from enough records.",
            MODERN_SUITES,
        ),
        F::Des => ("A key of 56 bits is found by trying all of them, in hours at the most.", MODERN_SUITES),
        F::TripleDes => (
            "After some 32 GB under one key, equal blocks give away what was encrypted. Long connections with a repeated secret are at risk; short ones hardly are.",
            MODERN_SUITES,
        ),
        F::Idea => (
            "The same as for 3des, and hardly anything has it: TLS 1.2 took it out.",
            MODERN_SUITES,
        ),
        F::ObsoleteVersion => (
            "SSL 2.0 and 3.0 are broken; TLS 1.0, TLS 1.1 and DTLS 1.0 rest on MD5 and SHA-1 and were withdrawn in 2021 (RFC 8996). Auditors ask for it.",
            "Set the lowest version to TLS 1.2. If the client is what is old, update it: the server chose the best that the two have in common.",
        ),
        F::WeakDhGroup => (
            "1024 bits can be broken by a state, and most servers share the same few primes, so that one effort opens many; 512 bits can be broken by anybody (Logjam).",
            "Prefer ECDHE. Where DHE has to stay, give the server a group of 2048 bits or more (ffdhe2048).",
        ),
        F::WeakCurve => (
            "The effort to break a curve is the square root of its size; TLS took these out in 2018 (RFC 8422).",
            "Offer x25519, secp256r1 and secp384r1, and X25519MLKEM768 in TLS 1.3.",
        ),
        F::StaticRsa => (
            "The client encrypts the secret to the server's long-lived key. Nothing is broken today, but there is no forward secrecy, and faults in this exchange come back every few years (ROBOT, Marvin). RFC 10015 takes it out of TLS 1.2.",
            "Put ECDHE suites first on the server, then remove the TLS_RSA_ ones. Where decryption in the middle depends on it, that has to find another way: TLS 1.3 does not have it.",
        ),
        F::StaticDh => (
            "The same secret serves all connections, and whoever gets the server's key reads all that was recorded. RFC 10015 takes it out of TLS 1.2.",
            "Use ECDHE suites.",
        ),
        F::Md5Signature => (
            "Two handshakes with the same MD5 can be made, so a signature can be moved from one to the other.",
            "Take MD5 out of the signature algorithms on both sides.",
        ),
        F::Sha1Signature => (
            "Two handshakes with the same SHA-1 can be made at a cost that falls every year.",
            "Offer and accept SHA-256 and better only. A server that signs with SHA-1 although SHA-256 was offered is old, or set so.",
        ),
        F::Md5Certificate => (
            "Certificates with the same MD5 were made in 2008, a false authority among them. No client of today accepts it.",
            "Have the certificate issued anew, with SHA-256.",
        ),
        F::Sha1Certificate => (
            "Public authorities stopped in 2016, and clients refuse it. A root is excepted: it is trusted for itself, not for its signature.",
            "Have the certificate, or the intermediate that it came with, issued anew with SHA-256.",
        ),
        F::ShortRsaKey => (
            "1024 bits can be broken with great effort, 512 bits in hours by anybody. Clients of today refuse both.",
            "Make a new key, RSA 2048 or ECDSA secp256r1, and a new certificate.",
        ),
        F::Compression => (
            "Where an attacker can put text of his own beside a secret, the length of the compressed record says when he guessed right.",
            "Turn TLS compression off on either side.",
        ),
        F::NoSecureRenegotiation => (
            "The client asked for it and the server did not answer. Somebody on the path can put a request of his own before the client's. OpenSSL 3 and others end such a handshake.",
            "Update the server's TLS library; it is from before 2010, or the feature is turned off.",
        ),
    }
}
