//! Extensions of the hellos that name what is wanted or chosen: server, version, groups, schemes, protocol, limits.

use super::{Extensions, Reading};
use crate::tls::error::Rule;
use crate::tls::list::{List, Opaque8, U16List};
use crate::tls::registry::{
    EcPointFormat, ExtensionType, HeartbeatMode, NamedGroup, ProtocolVersion, ServerNameType, SignatureScheme,
};
use crate::tls::wire::{Parsed, broken, codes, field, list, nonempty, rest, u8, u16, vec8, vec16};
use nom::Parser;

impl<'a> Extensions<'a> {
    /// server_name (RFC 6066 section 3): the first host name, as sent. None also where the data is empty, as servers
    /// answer, or where there are only names of other types.
    pub fn server_name(&self) -> Reading<&'a [u8]> {
        let read = self.read(ExtensionType::SERVER_NAME, |input: &'a [u8]| {
            if input.is_empty() { Ok((input, None)) } else { nonempty(vec16).and_then(host_name).parse_complete(input) }
        })?;
        read.transpose()
    }

    /// supported_versions of ClientHello (RFC 8446 section 4.2.1), in the client's order.
    pub fn supported_versions(&self) -> Reading<U16List<'a, ProtocolVersion>> {
        self.read(ExtensionType::SUPPORTED_VERSIONS, codes(2, nonempty(vec8)))
    }

    /// supported_versions of ServerHello and HelloRetryRequest (RFC 8446 section 4.2.1).
    pub fn selected_version(&self) -> Reading<ProtocolVersion> {
        self.read(ExtensionType::SUPPORTED_VERSIONS, u16.map(ProtocolVersion))
    }

    /// supported_groups (RFC 8446 section 4.2.7, RFC 8422 section 5.1.1), in the client's order.
    pub fn supported_groups(&self) -> Reading<U16List<'a, NamedGroup>> {
        self.read(ExtensionType::SUPPORTED_GROUPS, codes(2, nonempty(vec16)))
    }

    /// ec_point_formats (RFC 8422 section 5.1.2).
    pub fn ec_point_formats(&self) -> Reading<List<'a, EcPointFormat>> {
        self.read(ExtensionType::EC_POINT_FORMATS, codes(1, nonempty(vec8)))
    }

    /// signature_algorithms (RFC 8446 section 4.2.3, RFC 5246 section 7.4.1.4.1).
    pub fn signature_algorithms(&self) -> Reading<U16List<'a, SignatureScheme>> {
        self.read(ExtensionType::SIGNATURE_ALGORITHMS, codes(2, nonempty(vec16)))
    }

    /// signature_algorithms_cert (RFC 8446 section 4.2.3).
    pub fn signature_algorithms_cert(&self) -> Reading<U16List<'a, SignatureScheme>> {
        self.read(ExtensionType::SIGNATURE_ALGORITHMS_CERT, codes(2, nonempty(vec16)))
    }

    /// delegated_credential of ClientHello and CertificateRequest (RFC 9345 section 4.1.1).
    pub fn delegated_credential(&self) -> Reading<U16List<'a, SignatureScheme>> {
        self.read(ExtensionType::DELEGATED_CREDENTIAL, codes(2, nonempty(vec16)))
    }

    /// application_layer_protocol_negotiation (RFC 7301 section 3.1): the protocols offered, in the client's order.
    pub fn alpn(&self) -> Reading<List<'a, Opaque8>> {
        self.read(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, protocols)
    }

    /// application_layer_protocol_negotiation of ServerHello and EncryptedExtensions: the one protocol chosen.
    pub fn selected_alpn(&self) -> Reading<&'a [u8]> {
        self.read(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, vec16.and_then(protocol_alone))
    }

    /// next_protocol_negotiation of ServerHello (draft-agl-tls-nextprotoneg-04): what the server speaks; empty in
    /// ClientHello.
    pub fn next_protocols(&self) -> Reading<List<'a, Opaque8>> {
        self.read(ExtensionType::NEXT_PROTOCOL_NEGOTIATION, list(rest, nonempty(vec8)))
    }

    /// application_settings of ClientHello (draft-vvv-tls-alps-01): the protocols with settings, under either number.
    pub fn application_settings(&self) -> Reading<List<'a, Opaque8>> {
        self.read(ExtensionType::APPLICATION_SETTINGS, protocols)
            .or_else(|| self.read(ExtensionType::APPLICATION_SETTINGS_OLD, protocols))
    }

    /// max_fragment_length (RFC 6066 section 4): 1 to 4 for 512, 1024, 2048 and 4096 bytes.
    pub fn max_fragment_length(&self) -> Reading<u8> {
        self.read(ExtensionType::MAX_FRAGMENT_LENGTH, u8)
    }

    /// record_size_limit (RFC 8449 section 4), in bytes of plaintext.
    pub fn record_size_limit(&self) -> Reading<u16> {
        self.read(ExtensionType::RECORD_SIZE_LIMIT, u16)
    }

    /// padding (RFC 7685): how many bytes, which must all be zero.
    pub fn padding(&self) -> Reading<usize> {
        self.read(ExtensionType::PADDING, |input: &'a [u8]| match input.iter().all(|&byte| byte == 0) {
            true => rest.map(<[u8]>::len).parse_complete(input),
            false => broken(input, Rule::BadValue),
        })
    }

    /// cookie (RFC 8446 section 4.2.2).
    pub fn cookie(&self) -> Reading<&'a [u8]> {
        self.read(ExtensionType::COOKIE, nonempty(vec16))
    }

    /// heartbeat (RFC 6520 section 2).
    pub fn heartbeat(&self) -> Reading<HeartbeatMode> {
        self.read(ExtensionType::HEARTBEAT, u8.map(HeartbeatMode))
    }

    /// renegotiation_info (RFC 5746 section 3.2): the verify_data of the handshake before; empty in a first one.
    pub fn renegotiation_info(&self) -> Reading<&'a [u8]> {
        self.read(ExtensionType::RENEGOTIATION_INFO, vec8)
    }

    /// extended_master_secret (RFC 7627 section 5.1).
    pub fn extended_master_secret(&self) -> Reading<()> {
        self.flag(ExtensionType::EXTENDED_MASTER_SECRET)
    }

    /// encrypt_then_mac (RFC 7366 section 2).
    pub fn encrypt_then_mac(&self) -> Reading<()> {
        self.flag(ExtensionType::ENCRYPT_THEN_MAC)
    }

    /// truncated_hmac (RFC 6066 section 7).
    pub fn truncated_hmac(&self) -> Reading<()> {
        self.flag(ExtensionType::TRUNCATED_HMAC)
    }
}

/// `ProtocolName protocol_name_list<2..2^16-1>`, of names with at least one byte.
fn protocols(input: &[u8]) -> Parsed<'_, List<'_, Opaque8>> {
    list(nonempty(vec16), nonempty(vec8))(input)
}

/// A list of exactly one protocol.
fn protocol_alone(input: &[u8]) -> Parsed<'_, &[u8]> {
    match nonempty(vec8)(input)? {
        (rest @ [_, ..], _) => broken(rest, Rule::Trailing),
        read => Ok(read),
    }
}

/// The first host name of a ServerNameList; a name of a type that is not known begins with its length as well.
fn host_name(mut input: &[u8]) -> Parsed<'_, Option<&[u8]>> {
    let mut first = None;
    while !input.is_empty() {
        let (after, kind) = field("server_name.name_type", u8.map(ServerNameType))(input)?;
        let (after, name) = field("server_name.host_name", nonempty(vec16))(after)?;
        if kind == ServerNameType::HOST_NAME {
            first = first.or(Some(name));
        }
        input = after;
    }
    Ok((input, first))
}
