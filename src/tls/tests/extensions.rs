//! The data of one well-formed extension for every typed reader.

use super::build::{Build, Sample};
use super::messages::server_name;
use crate::tls::registry::ExtensionType;
use crate::tls::{EncryptedExtensions, Extensions, ParseError, Reading};
use std::fmt::Debug;

/// An extension and its reader.
pub(super) struct ReadExtension {
    pub(super) kind: ExtensionType,
    read: fn(&Extensions<'_>) -> Option<Result<String, ParseError>>,
}

impl ReadExtension {
    /// Reads an extension with this data, the second of a block, and shows it.
    pub(super) fn read(&self, data: &[u8]) -> Option<Result<String, ParseError>> {
        let body = Build::new().vec16(&Build::new().extension(0x0a0a, &[]).extension(self.kind.0, data).0).0;
        (self.read)(&EncryptedExtensions::parse(&body).unwrap().extensions)
    }
}

/// Where the data begins in the body that [`ReadExtension::read`] makes.
pub(super) const DATA_AT: usize = 2 + 4 + 4;

/// Shown, every list is walked, so that a panic in an iterator is found.
fn shown<T: Debug>(reading: Reading<T>) -> Option<Result<String, ParseError>> {
    reading.map(|read| read.map(|value| format!("{value:?}")))
}

fn sample(
    kind: ExtensionType,
    what: &'static str,
    data: Build,
    read: fn(&Extensions<'_>) -> Option<Result<String, ParseError>>,
) -> Sample<ReadExtension> {
    Sample::new(what, data, ReadExtension { kind, read })
}

/// An extension for every reader.
pub(super) fn extensions() -> Vec<Sample<ReadExtension>> {
    [of_hellos(), lists_of_codes(), limits_and_flags(), of_sessions(), of_certificates(), of_ech()]
        .into_iter()
        .flatten()
        .collect()
}

fn of_hellos() -> Vec<Sample<ReadExtension>> {
    use ExtensionType as T;
    let protocols = Build::new().vec8(b"h2").vec8(b"http/1.1").0;
    let share = Build::new().u16(29).vec16(&[5; 32]).0;
    let shares = Build::new().u16(0x0a0a).vec16(&[0]).raw(&share).0;
    vec![
        sample(T::SERVER_NAME, "server_name", Build::new().raw(&server_name(b"a.example")), |e| shown(e.server_name()))
            .whole_at(|length| length == 0),
        sample(T::SUPPORTED_VERSIONS, "supported_versions", Build::new().vec8(&[3, 4, 3, 3]), |e| {
            shown(e.supported_versions())
        }),
        sample(T::SUPPORTED_VERSIONS, "selected version", Build::new().u16(0x0304), |e| shown(e.selected_version())),
        sample(T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, "alpn", Build::new().vec16(&protocols), |e| shown(e.alpn())),
        sample(
            T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION,
            "selected alpn",
            Build::new().vec16(&Build::new().vec8(b"h2").0),
            |e| shown(e.selected_alpn()),
        ),
        sample(T::NEXT_PROTOCOL_NEGOTIATION, "next protocols", Build::new().raw(&protocols), |e| {
            shown(e.next_protocols())
        })
        .open_ended(|length| length == 0 || length == 3),
        sample(T::APPLICATION_SETTINGS, "application_settings", Build::new().vec16(&protocols), |e| {
            shown(e.application_settings())
        }),
        sample(T::APPLICATION_SETTINGS_OLD, "old application_settings", Build::new().vec16(&protocols), |e| {
            shown(e.application_settings())
        }),
        sample(T::KEY_SHARE, "key shares", Build::new().vec16(&shares), |e| shown(e.key_shares())),
        sample(T::KEY_SHARE_DRAFT, "key shares of a draft", Build::new().vec16(&shares), |e| shown(e.key_shares())),
        sample(T::KEY_SHARE, "key share", Build::new().raw(&share), |e| shown(e.key_share())),
        sample(T::KEY_SHARE, "retry group", Build::new().u16(24), |e| shown(e.retry_group())),
        sample(T::COOKIE, "cookie", Build::new().vec16(&[5; 8]), |e| shown(e.cookie())),
        sample(T::RENEGOTIATION_INFO, "renegotiation_info", Build::new().vec8(&[5; 12]), |e| {
            shown(e.renegotiation_info())
        }),
    ]
}

fn lists_of_codes() -> Vec<Sample<ReadExtension>> {
    use ExtensionType as T;
    vec![
        sample(T::SUPPORTED_GROUPS, "supported_groups", Build::new().vec16(&[0, 29, 0, 23]), |e| {
            shown(e.supported_groups())
        }),
        sample(T::EC_POINT_FORMATS, "ec_point_formats", Build::new().vec8(&[0, 1]), |e| shown(e.ec_point_formats())),
        sample(T::SIGNATURE_ALGORITHMS, "signature_algorithms", Build::new().vec16(&[4, 3, 8, 4]), |e| {
            shown(e.signature_algorithms())
        }),
        sample(T::SIGNATURE_ALGORITHMS_CERT, "signature_algorithms_cert", Build::new().vec16(&[4, 3]), |e| {
            shown(e.signature_algorithms_cert())
        }),
        sample(T::DELEGATED_CREDENTIAL, "delegated_credential", Build::new().vec16(&[4, 3]), |e| {
            shown(e.delegated_credential())
        }),
        sample(T::PSK_KEY_EXCHANGE_MODES, "psk_key_exchange_modes", Build::new().vec8(&[1, 0]), |e| {
            shown(e.psk_key_exchange_modes())
        }),
        sample(T::COMPRESS_CERTIFICATE, "compress_certificate", Build::new().vec8(&[0, 2, 0, 3]), |e| {
            shown(e.compress_certificate())
        }),
        sample(T::CLIENT_CERTIFICATE_TYPE, "client certificate types", Build::new().vec8(&[2, 0]), |e| {
            shown(e.client_certificate_types())
        }),
        sample(T::SERVER_CERTIFICATE_TYPE, "server certificate types", Build::new().vec8(&[2, 0]), |e| {
            shown(e.server_certificate_types())
        }),
        sample(T::ECH_OUTER_EXTENSIONS, "ech_outer_extensions", Build::new().vec8(&[0, 10, 0, 51]), |e| {
            shown(e.ech_outer_extensions())
        }),
    ]
}

fn limits_and_flags() -> Vec<Sample<ReadExtension>> {
    use ExtensionType as T;
    vec![
        sample(T::MAX_FRAGMENT_LENGTH, "max_fragment_length", Build::new().u8(4), |e| shown(e.max_fragment_length())),
        sample(T::RECORD_SIZE_LIMIT, "record_size_limit", Build::new().u16(16385), |e| shown(e.record_size_limit())),
        sample(T::PADDING, "padding", Build::new().raw(&[0; 7]), |e| shown(e.padding())).open_ended(|_| true),
        sample(T::HEARTBEAT, "heartbeat", Build::new().u8(1), |e| shown(e.heartbeat())),
        sample(T::EXTENDED_MASTER_SECRET, "extended_master_secret", Build::new(), |e| {
            shown(e.extended_master_secret())
        }),
        sample(T::ENCRYPT_THEN_MAC, "encrypt_then_mac", Build::new(), |e| shown(e.encrypt_then_mac())),
        sample(T::TRUNCATED_HMAC, "truncated_hmac", Build::new(), |e| shown(e.truncated_hmac())),
        sample(T::EARLY_DATA, "early_data", Build::new(), |e| shown(e.early_data())),
        sample(T::POST_HANDSHAKE_AUTH, "post_handshake_auth", Build::new(), |e| shown(e.post_handshake_auth())),
        sample(T::CLIENT_CERTIFICATE_URL, "client_certificate_url", Build::new(), |e| {
            shown(e.client_certificate_url())
        }),
    ]
}

fn of_sessions() -> Vec<Sample<ReadExtension>> {
    use ExtensionType as T;
    let identities = Build::new().vec16(&[5; 32]).u32(0x1234_5678).vec16(b"external").u32(0).0;
    let binders = Build::new().vec8(&[6; 32]).vec8(&[7; 32]).0;
    vec![
        sample(T::PRE_SHARED_KEY, "pre_shared_key", Build::new().vec16(&identities).vec16(&binders), |e| {
            shown(e.pre_shared_key())
        }),
        sample(T::PRE_SHARED_KEY, "selected psk", Build::new().u16(1), |e| shown(e.selected_psk())),
        sample(T::EARLY_DATA, "max_early_data_size", Build::new().u32(16384), |e| shown(e.max_early_data_size())),
        sample(T::SESSION_TICKET, "session_ticket", Build::new().raw(&[5; 16]), |e| shown(e.session_ticket()))
            .open_ended(|_| true),
        sample(T::TICKET_REQUEST, "ticket_request", Build::new().u8(2).u8(1), |e| shown(e.ticket_request())),
    ]
}

fn of_certificates() -> Vec<Sample<ReadExtension>> {
    use ExtensionType as T;
    let item = Build::new().u8(2).vec16(&[0, 0, 0, 0]).0;
    let authorities = Build::new().u8(0).u8(1).raw(&[1; 20]).u8(2).vec16(&[0x30, 0]).u8(3).raw(&[3; 20]).0;
    vec![
        sample(T::STATUS_REQUEST, "status_request", Build::new().u8(1).vec16(&[]).vec16(&[]), |e| {
            shown(e.status_request())
        })
        .open_ended(|length| length >= 1),
        sample(T::STATUS_REQUEST, "certificate status", Build::new().u8(1).vec24(&[0x30, 0]), |e| {
            shown(e.certificate_status())
        }),
        sample(T::STATUS_REQUEST_V2, "status_request_v2", Build::new().vec16(&item), |e| shown(e.status_request_v2())),
        sample(
            T::SIGNED_CERTIFICATE_TIMESTAMP,
            "signed_certificate_timestamp",
            Build::new().vec16(&Build::new().vec16(&[0; 8]).vec16(&[1; 8]).0),
            |e| shown(e.signed_certificate_timestamps()),
        )
        .whole_at(|length| length == 0),
        sample(T::CLIENT_CERTIFICATE_TYPE, "client certificate type", Build::new().u8(2), |e| {
            shown(e.client_certificate_type())
        }),
        sample(T::SERVER_CERTIFICATE_TYPE, "server certificate type", Build::new().u8(2), |e| {
            shown(e.server_certificate_type())
        }),
        sample(
            T::CERTIFICATE_AUTHORITIES,
            "certificate_authorities",
            Build::new().vec16(&Build::new().vec16(&[0x30, 0]).vec16(&[0x30, 0]).0),
            |e| shown(e.certificate_authorities()),
        ),
        sample(
            T::OID_FILTERS,
            "oid_filters",
            Build::new().vec16(&Build::new().vec8(&[6, 3, 0x55, 0x1d, 0x25]).vec16(&[0x30, 0]).0),
            |e| shown(e.oid_filters()),
        ),
        sample(T::TRUSTED_CA_KEYS, "trusted_ca_keys", Build::new().vec16(&authorities), |e| shown(e.trusted_ca_keys())),
    ]
}

/// ECHConfigContents of one configuration.
fn ech_contents() -> Build {
    Build::new().u8(7).u16(0x0020).vec16(&[5; 32]).vec16(&[0, 1, 0, 1]).u8(64).vec8(b"public.example").vec16(&[])
}

fn of_ech() -> Vec<Sample<ReadExtension>> {
    use ExtensionType as T;
    let configs = Build::new().u16(0xfe0d).vec16(&ech_contents().0).u16(0xfe99).vec16(&[1, 2, 3]).0;
    vec![
        sample(
            T::ENCRYPTED_CLIENT_HELLO,
            "outer encrypted_client_hello",
            Build::new().u8(0).u16(1).u16(1).u8(7).vec16(&[5; 32]).vec16(&[6; 128]),
            |e| shown(e.encrypted_client_hello()),
        ),
        sample(T::ENCRYPTED_CLIENT_HELLO, "inner encrypted_client_hello", Build::new().u8(1), |e| {
            shown(e.encrypted_client_hello())
        }),
        sample(T::ENCRYPTED_CLIENT_HELLO, "retry configurations", Build::new().vec16(&configs), |e| {
            shown(e.ech_retry_configs())
        }),
        sample(T::ENCRYPTED_CLIENT_HELLO, "confirmation", Build::new().raw(&[5; 8]), |e| shown(e.ech_confirmation())),
    ]
}
