//! What a ClientHello offers, read once for all rules.

use super::words;
use crate::handshake::Negotiated;
use crate::policy;
use crate::tls::registry::{
    Authentication, Cipher, CipherSuite, ExtensionType, KeyExchange, KeyType, NamedGroup, ProtocolVersion,
    SignatureScheme,
};

/// Of each list in a hello at most this many elements are looked at.
const MAX_OFFERED: usize = 256;

/// The groups that nearly every server of today has.
const USUAL_GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];

/// An offer; lists are without GREASE and signaling values.
#[derive(Clone, Debug, Default)]
pub(super) struct Offer {
    /// The versions, highest first. Without supported_versions the highest alone: what lies below it is not said.
    pub(super) versions: Vec<ProtocolVersion>,
    /// True where the hello says which versions it takes, one by one.
    pub(super) versions_are_listed: bool,
    pub(super) suites: Vec<CipherSuite>,
    pub(super) groups: Vec<NamedGroup>,
    pub(super) schemes: Vec<SignatureScheme>,
    pub(super) alpn: Vec<String>,
    pub(super) sni: Option<String>,
    pub(super) extended_master_secret: bool,
    pub(super) renegotiation_info: bool,
    pub(super) fallback: bool,
    pub(super) pre_shared_key: bool,
    /// It has extensions at all: hellos of old clients have none.
    pub(super) extensions: bool,
}

impl Offer {
    /// Reads the hello of a handshake; absent where none was seen.
    pub(super) fn of(negotiated: &Negotiated<'_>) -> Option<Self> {
        if let Some(hello) = &negotiated.ssl2_client_hello {
            return Some(Self { versions: vec![hello.version], ..Self::default() });
        }
        let hello = negotiated.client_hello.as_ref()?;
        let extensions = &hello.extensions;
        let listed = extensions.supported_versions().and_then(Result::ok);
        let mut versions: Vec<ProtocolVersion> = listed.map_or_else(Vec::new, |list| {
            list.iter().filter(|version| !version.is_grease()).take(MAX_OFFERED).collect()
        });
        versions.sort_unstable_by(|a, b| b.cmp(a));
        let versions_are_listed = !versions.is_empty();
        if !versions_are_listed {
            versions.push(hello.legacy_version);
        }
        let suites = hello.cipher_suites.iter().take(MAX_OFFERED);
        let suites = suites.filter(|suite| !suite.is_grease() && !suite.is_signaling());
        let fallback = hello.cipher_suites.contains(CipherSuite::TLS_FALLBACK_SCSV);
        let renegotiation = hello.cipher_suites.contains(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
        let alpn = extensions.alpn().and_then(Result::ok);
        Some(Self {
            versions,
            versions_are_listed,
            suites: collected(suites, hello.cipher_suites.bytes()),
            groups: extensions.supported_groups().and_then(Result::ok).map_or_else(Vec::new, |groups| {
                collected(groups.iter().filter(|group| !group.is_grease()).take(MAX_OFFERED), groups.bytes())
            }),
            schemes: extensions.signature_algorithms().and_then(Result::ok).map_or_else(Vec::new, |schemes| {
                collected(schemes.iter().filter(|scheme| !scheme.is_grease()).take(MAX_OFFERED), schemes.bytes())
            }),
            alpn: alpn.map_or_else(Vec::new, |alpn| alpn.iter().take(MAX_OFFERED).map(words::name).collect()),
            sni: negotiated.sni.map(words::name),
            extended_master_secret: extensions.contains(ExtensionType::EXTENDED_MASTER_SECRET),
            renegotiation_info: renegotiation || extensions.contains(ExtensionType::RENEGOTIATION_INFO),
            fallback,
            pre_shared_key: extensions.contains(ExtensionType::PRE_SHARED_KEY),
            extensions: !extensions.is_empty(),
        })
    }

    pub(super) fn highest(&self) -> Option<ProtocolVersion> {
        self.versions.first().copied()
    }

    pub(super) fn offers_tls13(&self) -> bool {
        self.versions.iter().any(|version| version.is_tls13())
    }

    /// Nothing but TLS 1.3 (and its drafts).
    pub(super) fn only_tls13(&self) -> bool {
        self.versions_are_listed && self.versions.iter().all(|version| version.is_tls13())
    }

    /// Nothing later than TLS 1.1.
    pub(super) fn is_obsolete(&self) -> bool {
        self.highest().is_some_and(|highest| highest < ProtocolVersion::TLS_1_2)
    }

    /// True where a server that chooses this version has been asked for it.
    pub(super) fn takes(&self, version: ProtocolVersion) -> bool {
        if self.versions_are_listed {
            return self.versions.contains(&version);
        }
        self.highest().is_some_and(|highest| version <= highest)
    }

    /// `TLS 1.3 and TLS 1.2`, `at most TLS 1.1`.
    pub(super) fn versions_in_words(&self) -> String {
        match self.highest() {
            Some(highest) if !self.versions_are_listed => format!("at most {highest}"),
            _ => words::list(&self.versions),
        }
    }

    /// The suites for TLS 1.2 and before.
    pub(super) fn old_suites(&self) -> impl Iterator<Item = CipherSuite> {
        self.suites.iter().copied().filter(|suite| !suite.is_tls13())
    }

    /// The suites for TLS 1.3.
    pub(super) fn new_suites(&self) -> impl Iterator<Item = CipherSuite> {
        self.suites.iter().copied().filter(|suite| suite.is_tls13())
    }

    /// The keys that the suites of TLS 1.2 and before can be served with; none where one of them asks for no certificate.
    pub(super) fn authentications(&self) -> Vec<Authentication> {
        let mut kinds: Vec<_> = self.old_suites().filter_map(CipherSuite::authentication).collect();
        kinds.sort_unstable_by_key(|kind| kind.name());
        kinds.dedup();
        kinds
    }

    /// Every suite for TLS 1.2 and before is one that servers refuse today.
    pub(super) fn suites_are_refused_today(&self) -> bool {
        self.old_suites().next().is_some() && self.old_suites().all(is_refused_today)
    }

    /// No suite that a server of today would choose can be used without a group: TLS 1.3, or elliptic curves.
    pub(super) fn needs_group(&self) -> bool {
        let curves =
            |suite: &CipherSuite| matches!(suite.key_exchange(), Some(KeyExchange::Ecdhe | KeyExchange::EcdhePsk));
        if self.offers_tls13() || self.old_suites().any(|suite| curves(&suite) && suite.is_aead()) {
            return true;
        }
        self.old_suites().all(|suite| curves(&suite))
    }

    /// It takes post-quantum groups.
    pub(super) fn is_post_quantum(&self) -> bool {
        self.groups.iter().any(|group| group.is_post_quantum())
    }

    /// None of the groups is one that nearly every server has.
    pub(super) fn groups_are_unusual(&self) -> bool {
        !self.groups.is_empty() && !self.groups.iter().any(|group| USUAL_GROUPS.contains(group))
    }

    /// The kinds of key whose signatures the client takes.
    pub(super) fn signing_keys(&self) -> Vec<KeyType> {
        let mut keys = Vec::new();
        for key in self.schemes.iter().filter_map(|scheme| scheme.key_type()) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// A wide offer of today: whatever the server dislikes, it is hardly a list of this hello.
    pub(super) fn is_wide(&self) -> bool {
        const WIDE: usize = 3;
        let enough = self.new_suites().count() >= 2
            || self.old_suites().filter(|suite| !is_refused_today(*suite)).count() >= WIDE;
        enough && !self.is_obsolete() && !self.groups_are_unusual()
    }
}

/// Codes of a list, which has these bytes, with room for all of them at once.
fn collected<T>(codes: impl Iterator<Item = T>, list: &[u8]) -> Vec<T> {
    let mut collected = Vec::with_capacity((list.len() / 2).min(MAX_OFFERED));
    collected.extend(codes);
    collected
}

/// A suite that a server of today does not take as it comes: broken ones, and those without forward secrecy.
pub(super) fn is_refused_today(suite: CipherSuite) -> bool {
    policy::is_broken(suite)
        || policy::is_static_dh(suite)
        || suite.is_static_rsa()
        || suite.cipher().is_some_and(|cipher| !is_usual(cipher))
}

/// AES and ChaCha20: what servers of today are set to.
fn is_usual(cipher: Cipher) -> bool {
    let name = cipher.name();
    name.starts_with("AES") || name.starts_with("CHACHA20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Handshake;
    use crate::handshake::sample::HelloSample;

    fn offer(hello: &HelloSample) -> Offer {
        Offer::of(&Handshake::sample().hello(hello).negotiated()).expect("a hello")
    }

    #[test]
    fn a_hello_of_today_is_wide() {
        let modern = offer(&HelloSample::default());
        assert!(modern.is_wide() && modern.offers_tls13() && !modern.only_tls13());
        assert_eq!(modern.versions_in_words(), "TLS 1.3 and TLS 1.2");
        assert_eq!(modern.sni.as_deref(), Some("www.example.org"));
    }

    #[test]
    fn without_supported_versions_the_lowest_is_not_known() {
        let old = offer(&HelloSample::tls12());
        assert_eq!(old.versions_in_words(), "at most TLS 1.2");
        assert!(old.takes(ProtocolVersion::TLS_1_0) && !old.takes(ProtocolVersion::TLS_1_3));
    }

    #[test]
    fn narrow_lists_are_seen() {
        let rc4 = offer(&HelloSample { suites: vec![0x0005, 0x000a, 0x00ff], ..HelloSample::tls12() });
        assert!(rc4.suites_are_refused_today() && !rc4.is_wide());
        assert_eq!(rc4.suites.len(), 2, "a signaling value is no suite");
        let p521 = offer(&HelloSample { groups: vec![25], ..HelloSample::default() });
        assert!(p521.groups_are_unusual() && p521.needs_group());
        let rsa = offer(&HelloSample { suites: vec![0xc02f, 0xc030], schemes: vec![0x0804], ..HelloSample::tls12() });
        assert_eq!(rsa.authentications(), [Authentication::Rsa]);
        assert_eq!(rsa.signing_keys(), [KeyType::Rsa]);
    }
}
