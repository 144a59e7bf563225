//! The handshake protocol (RFC 5246 section 7.4, RFC 8446 section 4): four bytes before each message, and one enum of
//! all messages for those who do not know beforehand which comes.

use super::authentication::{CertificateRequest, CertificateRequest13, CertificateVerify};
use super::certificate::{Certificate, Certificate13, CertificateStatus, CertificateUrl, CompressedCertificate};
use super::client_key_exchange::ClientKeyExchange;
use super::error::ParseError;
use super::hello::{ClientHello, HelloRetryRequest, HelloVerifyRequest, ServerHello};
use super::key_exchange::ServerKeyExchange;
use super::registry::{CipherSuite, HandshakeType, ProtocolVersion};
use super::session::{
    EktKey, EncryptedExtensions, Finished, KeyUpdate, NewConnectionId, NewSessionTicket, NewSessionTicket13,
    NextProtocol, RequestConnectionId, SupplementalData,
};
use super::wire::message;

/// The bytes before the body of a handshake message.
pub const HANDSHAKE_HEADER_LEN: usize = 4;

/// What stands before each handshake message (RFC 5246 section 7.4, RFC 8446 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandshakeHeader {
    /// The message's type.
    pub kind: HandshakeType,
    /// The length of its body in bytes, below 2^24.
    pub length: u32,
}

/// The header that `input` begins with; none where fewer than [`HANDSHAKE_HEADER_LEN`] bytes are there.
pub fn handshake_header(input: &[u8]) -> Option<HandshakeHeader> {
    let &[kind, high, middle, low] = input.first_chunk()?;
    Some(HandshakeHeader { kind: HandshakeType(kind), length: u32::from_be_bytes([0, high, middle, low]) })
}

/// What has been negotiated, as far as the layout of messages depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageContext {
    /// The version.
    pub version: ProtocolVersion,
    /// The suite.
    pub cipher_suite: CipherSuite,
}

impl Default for MessageContext {
    /// Before ServerHello, or where it was not seen: TLS 1.2 has the layout of what can be read without keys, and a
    /// connection begins with TLS_NULL_WITH_NULL_NULL (RFC 5246 appendix A.5).
    fn default() -> Self {
        Self { version: ProtocolVersion::TLS_1_2, cipher_suite: CipherSuite::TLS_NULL_WITH_NULL_NULL }
    }
}

impl MessageContext {
    fn is_13(self) -> bool {
        self.version.is_tls13() || self.version == ProtocolVersion::DTLS_1_3
    }
}

/// Any handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeMessage<'a> {
    /// HelloRequest (RFC 5246 section 7.4.1.1).
    HelloRequest,
    /// ClientHello.
    ClientHello(ClientHello<'a>),
    /// ServerHello, also where it is a HelloRetryRequest.
    ServerHello(ServerHello<'a>),
    /// HelloVerifyRequest of DTLS.
    HelloVerifyRequest(HelloVerifyRequest<'a>),
    /// NewSessionTicket of TLS 1.2 and before.
    NewSessionTicket(NewSessionTicket<'a>),
    /// NewSessionTicket of TLS 1.3.
    NewSessionTicket13(NewSessionTicket13<'a>),
    /// EndOfEarlyData (RFC 8446 section 4.5).
    EndOfEarlyData,
    /// HelloRetryRequest of the drafts of TLS 1.3 up to 21.
    HelloRetryRequest(HelloRetryRequest<'a>),
    /// EncryptedExtensions.
    EncryptedExtensions(EncryptedExtensions<'a>),
    /// RequestConnectionId of DTLS 1.3.
    RequestConnectionId(RequestConnectionId),
    /// NewConnectionId of DTLS 1.3.
    NewConnectionId(NewConnectionId<'a>),
    /// Certificate of TLS 1.2 and before.
    Certificate(Certificate<'a>),
    /// Certificate of TLS 1.3.
    Certificate13(Certificate13<'a>),
    /// ServerKeyExchange.
    ServerKeyExchange(ServerKeyExchange<'a>),
    /// CertificateRequest of TLS 1.2 and before.
    CertificateRequest(CertificateRequest<'a>),
    /// CertificateRequest of TLS 1.3.
    CertificateRequest13(CertificateRequest13<'a>),
    /// ServerHelloDone (RFC 5246 section 7.4.5).
    ServerHelloDone,
    /// CertificateVerify.
    CertificateVerify(CertificateVerify<'a>),
    /// ClientKeyExchange.
    ClientKeyExchange(ClientKeyExchange<'a>),
    /// ClientCertificateRequest of exported authenticators (RFC 9261 section 4).
    ClientCertificateRequest(CertificateRequest13<'a>),
    /// Finished.
    Finished(Finished<'a>),
    /// CertificateURL.
    CertificateUrl(CertificateUrl<'a>),
    /// CertificateStatus.
    CertificateStatus(CertificateStatus<'a>),
    /// SupplementalData.
    SupplementalData(SupplementalData<'a>),
    /// KeyUpdate.
    KeyUpdate(KeyUpdate),
    /// CompressedCertificate.
    CompressedCertificate(CompressedCertificate<'a>),
    /// EKTKey.
    EktKey(EktKey<'a>),
    /// NextProtocol.
    NextProtocol(NextProtocol<'a>),
    /// message_hash, which stands for the first ClientHello in the transcript (RFC 8446 section 4.4.1) and is never
    /// sent.
    MessageHash(&'a [u8]),
    /// A message of a type that is not known here.
    Unknown(HandshakeType, &'a [u8]),
}

impl<'a> HandshakeMessage<'a> {
    /// Reads the body of a message of this type, without its header.
    ///
    /// # Errors
    /// A body that breaks the grammar.
    pub fn parse(kind: HandshakeType, body: &'a [u8], context: MessageContext) -> Result<Self, ParseError> {
        let MessageContext { version, cipher_suite } = context;
        match kind {
            HandshakeType::HELLO_REQUEST => empty("HelloRequest", body, Self::HelloRequest),
            HandshakeType::CLIENT_HELLO => ClientHello::parse(body).map(Self::ClientHello),
            HandshakeType::SERVER_HELLO => ServerHello::parse(body).map(Self::ServerHello),
            HandshakeType::HELLO_VERIFY_REQUEST => HelloVerifyRequest::parse(body).map(Self::HelloVerifyRequest),
            HandshakeType::NEW_SESSION_TICKET if context.is_13() => {
                NewSessionTicket13::parse(body).map(Self::NewSessionTicket13)
            }
            HandshakeType::NEW_SESSION_TICKET => NewSessionTicket::parse(body).map(Self::NewSessionTicket),
            HandshakeType::END_OF_EARLY_DATA => empty("EndOfEarlyData", body, Self::EndOfEarlyData),
            HandshakeType::HELLO_RETRY_REQUEST => HelloRetryRequest::parse(body).map(Self::HelloRetryRequest),
            HandshakeType::ENCRYPTED_EXTENSIONS => EncryptedExtensions::parse(body).map(Self::EncryptedExtensions),
            HandshakeType::REQUEST_CONNECTION_ID => RequestConnectionId::parse(body).map(Self::RequestConnectionId),
            HandshakeType::NEW_CONNECTION_ID => NewConnectionId::parse(body).map(Self::NewConnectionId),
            HandshakeType::CERTIFICATE if context.is_13() => Certificate13::parse(body).map(Self::Certificate13),
            HandshakeType::CERTIFICATE => Certificate::parse(body).map(Self::Certificate),
            HandshakeType::SERVER_KEY_EXCHANGE => {
                ServerKeyExchange::parse(body, cipher_suite, version).map(Self::ServerKeyExchange)
            }
            HandshakeType::CERTIFICATE_REQUEST if context.is_13() => {
                CertificateRequest13::parse(body).map(Self::CertificateRequest13)
            }
            HandshakeType::CERTIFICATE_REQUEST => {
                CertificateRequest::parse(body, version).map(Self::CertificateRequest)
            }
            HandshakeType::SERVER_HELLO_DONE => empty("ServerHelloDone", body, Self::ServerHelloDone),
            HandshakeType::CERTIFICATE_VERIFY => CertificateVerify::parse(body, version).map(Self::CertificateVerify),
            HandshakeType::CLIENT_KEY_EXCHANGE => {
                ClientKeyExchange::parse(body, cipher_suite, version).map(Self::ClientKeyExchange)
            }
            HandshakeType::CLIENT_CERTIFICATE_REQUEST => {
                CertificateRequest13::parse(body).map(Self::ClientCertificateRequest)
            }
            HandshakeType::FINISHED => Finished::parse(body).map(Self::Finished),
            HandshakeType::CERTIFICATE_URL => CertificateUrl::parse(body).map(Self::CertificateUrl),
            HandshakeType::CERTIFICATE_STATUS => CertificateStatus::parse(body).map(Self::CertificateStatus),
            HandshakeType::SUPPLEMENTAL_DATA => SupplementalData::parse(body).map(Self::SupplementalData),
            HandshakeType::KEY_UPDATE => KeyUpdate::parse(body).map(Self::KeyUpdate),
            HandshakeType::COMPRESSED_CERTIFICATE => {
                CompressedCertificate::parse(body).map(Self::CompressedCertificate)
            }
            HandshakeType::EKT_KEY => EktKey::parse(body).map(Self::EktKey),
            HandshakeType::NEXT_PROTOCOL => NextProtocol::parse(body).map(Self::NextProtocol),
            HandshakeType::MESSAGE_HASH => Ok(Self::MessageHash(body)),
            _ => Ok(Self::Unknown(kind, body)),
        }
    }
}

/// A message that says all by being there.
fn empty<'a>(
    name: &'static str,
    body: &'a [u8],
    said: HandshakeMessage<'a>,
) -> Result<HandshakeMessage<'a>, ParseError> {
    message(name, body, |input| Ok((input, said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_needs_four_bytes() {
        let header = [11, 0x01, 0x02, 0x03, 0xff];
        for length in 0..HANDSHAKE_HEADER_LEN {
            assert_eq!(handshake_header(&header[..length]), None);
        }
        let expected = HandshakeHeader { kind: HandshakeType::CERTIFICATE, length: 0x01_0203 };
        assert_eq!(handshake_header(&header), Some(expected));
    }

    #[test]
    fn the_version_decides_between_two_layouts() {
        let suite = CipherSuite::TLS_AES_128_GCM_SHA256;
        let parse = |kind, body, version| {
            HandshakeMessage::parse(kind, body, MessageContext { version, cipher_suite: suite }).unwrap()
        };
        let empty_before = [0, 0, 0];
        let empty_13 = [0, 0, 0, 0];
        let before = parse(HandshakeType::CERTIFICATE, &empty_before, ProtocolVersion::TLS_1_2);
        assert!(matches!(before, HandshakeMessage::Certificate(certificate) if certificate.certificates.is_empty()));
        for version in [ProtocolVersion::TLS_1_3, ProtocolVersion(0x7f1c), ProtocolVersion::DTLS_1_3] {
            let after = parse(HandshakeType::CERTIFICATE, &empty_13, version);
            assert!(matches!(after, HandshakeMessage::Certificate13(certificate) if certificate.context.is_empty()));
        }
    }

    #[test]
    fn without_a_suite_key_exchange_stays_opaque() {
        let message =
            HandshakeMessage::parse(HandshakeType::SERVER_KEY_EXCHANGE, &[3, 0, 29], MessageContext::default())
                .unwrap();
        assert_eq!(message, HandshakeMessage::ServerKeyExchange(ServerKeyExchange::Opaque(&[3, 0, 29])));
    }
}
