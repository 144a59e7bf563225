//! The wire format of TLS: records, messages, extensions, alerts and the registries. No state: what a message means in
//! its handshake is for others to say, and where a layout depends on what was negotiated, the caller says that.
//!
//! Parsing copies nothing and allocates nothing: a parsed message borrows the bytes it was read from. It is strict about
//! structure, since lengths that do not add up are what tells a message from noise, and lenient about content: values
//! that nobody has registered survive, and so do extensions that nobody knows. A message that breaks the grammar gives a
//! [`ParseError`] with the message, the field and the place.

pub mod registry;

mod alert;
mod authentication;
mod certificate;
mod client_key_exchange;
mod error;
mod extensions;
mod heartbeat;
mod hello;
mod key_exchange;
mod list;
mod message;
mod record;
mod session;
mod ssl2;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

pub use alert::{Alert, ChangeCipherSpec};
pub use authentication::{CertificateRequest, CertificateRequest13, CertificateVerify};
pub use certificate::{
    Certificate, Certificate13, CertificateEntry, CertificateStatus, CertificateUrl, CompressedCertificate, UrlAndHash,
};
pub use client_key_exchange::{ClientKey, ClientKeyExchange};
pub use error::{ParseError, Rule};
pub use extensions::{
    CertificateStatusRequest, EchConfig, EncryptedClientHello, Extension, Extensions, HpkeCipherSuite, KeyShare,
    OfferedPsks, OidFilter, PskIdentity, Reading, TicketRequest, TrustedAuthority,
};
pub use heartbeat::{Heartbeat, MIN_HEARTBEAT_PADDING};
pub use hello::{
    ClientHello, HELLO_RETRY_REQUEST_RANDOM, HelloRetryRequest, HelloVerifyRequest, MAX_SESSION_ID, RANDOM_LEN,
    ServerHello,
};
pub use key_exchange::{Curve, ServerKeyExchange, Signature, significant_bits};
pub use list::{Element, Iter, List, Opaque8, Opaque16, Opaque24, U16List};
pub use message::{HANDSHAKE_HEADER_LEN, HandshakeHeader, HandshakeMessage, MessageContext, handshake_header};
pub use record::{MAX_FRAGMENT, RECORD_HEADER_LEN, RecordError, RecordHeader, record_header};
pub use session::{
    EktKey, EncryptedExtensions, Finished, KeyUpdate, NewConnectionId, NewSessionTicket, NewSessionTicket13,
    NextProtocol, RequestConnectionId, SupplementalData, SupplementalDataEntry,
};
pub use ssl2::{Ssl2ClientHello, Ssl2Header, Ssl2MessageType, Ssl2ServerHello, ssl2_hello};
