//! TLS to receivers: whom to trust, who we are, and in plain words what is wrong with a certificate.
//!
//! A receiver's certificate is always verified. There is no option to leave that out: where it does not verify, the
//! authority that issued it is named with `ca_file`, or the name that it carries with `server_name`.

use super::super::options::{Options, Secret};
use super::Setback;
use super::stream::{Connection, Dial};
use super::tcp::Address;
use crate::x509::{CertificateTime, system_roots};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, InvalidMessage, RootCertStore,
    StreamOwned,
};
use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// So many of the names in a certificate are told, and so many letters of each.
const MAX_NAMES: usize = 5;
const MAX_NAME: usize = 100;
/// A receiver answers within this time while the connection is made.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What was said of TLS: `ca_file`, `client_cert_file`, `client_key_file` (or `client_key_env`) and `server_name`. The files
/// are read here, while they can be: before the process gives up its rights.
#[derive(Clone)]
pub(super) struct TlsOptions {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

impl TlsOptions {
    /// Takes what concerns TLS out of the options.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else.
    pub(super) fn take(options: &mut Options) -> Result<Self, String> {
        let roots = match options.text("ca_file")? {
            Some(file) => roots_of(&file)?,
            None => usual_roots(),
        };
        let server_name = options.text("server_name")?.map(|name| verified_name(&name)).transpose()?;
        let certificates = options.text("client_cert_file")?;
        let key = options.secret("client_key")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let failed = |error: Error| format!("TLS cannot be set up: {error}");
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let verifier = verifier.map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(failed)?.with_webpki_verifier(verifier);
        let mut config = match (certificates, key) {
            (None, None) => config.with_no_client_auth(),
            (Some(file), Some(key)) => {
                let own = config.with_client_auth_cert(certificates_of("client_cert_file", &file)?, key_of(&key)?);
                own.map_err(|error| format!("client_cert_file={file}: does not go with the client key: {error}"))?
            }
            (Some(_), None) => return Err("client_cert_file needs its key: name it with client_key_file".into()),
            (None, Some(_)) => return Err("the client key needs its certificate: name it with client_cert_file".into()),
        };
        // Servers on OpenSSL that ask for certificates and were not told how to tell sessions apart refuse every one that is
        // resumed (rsyslog with its driver ossl does).
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), server_name })
    }

    /// For connections.
    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The name that the certificate has to carry of the receiver that is called by this one.
    ///
    /// # Errors
    /// It can stand in no certificate.
    pub(super) fn name_of(&self, host: &str) -> Result<ServerName<'static>, String> {
        self.server_name.clone().map_or_else(|| verified_name(host), Ok)
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

/// TLS over TCP.
#[derive(Debug)]
pub(super) struct Tls {
    address: Address,
    name: ServerName<'static>,
    options: TlsOptions,
}

impl Tls {
    /// To this address.
    ///
    /// # Errors
    /// No certificate could have its name.
    pub(super) fn new(address: Address, options: TlsOptions) -> Result<Self, String> {
        Ok(Self { name: options.name_of(&address.host)?, address, options })
    }

    fn shake_hands(&self, tcp: TcpStream) -> io::Result<TlsStream> {
        tcp.set_read_timeout(Some(HANDSHAKE))?;
        let connection = ClientConnection::new(self.options.config(), self.name.clone()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }
}

impl Dial for Tls {
    fn dial(&self) -> Result<Box<dyn Connection>, Setback> {
        let tcp = self.address.connect()?;
        match self.shake_hands(tcp) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(Setback::new(match error.kind() {
                ErrorKind::WouldBlock => {
                    format!("it does not answer within {} s; does it speak TLS there?", HANDSHAKE.as_secs())
                }
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                    "it ends the TLS handshake without a word; does it speak TLS there, and with whom?".into()
                }
                _ => trouble(&error),
            })),
        }
    }

    fn turned_away(&self) -> &'static str {
        "it closes the connection once TLS stands; it may ask for a client certificate, or for another one (client_cert_file)"
    }
}

type TlsStream = StreamOwned<ClientConnection, TcpStream>;

impl Connection for TlsStream {
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.sock.set_nonblocking(nonblocking)
    }

    fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.sock.set_read_timeout(Some(patience))
    }

    fn end(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.end()
    }

    fn fault(&self) -> io::Result<()> {
        self.sock.fault()
    }
}

fn verified_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned()).map_err(|_| format!("{name} is no name that a certificate could have"))
}

fn roots_of(file: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for (place, certificate) in certificates_of("ca_file", file)?.into_iter().enumerate() {
        let added = roots.add(certificate);
        added.map_err(|error| format!("ca_file={file}: certificate {} in it: {error}", place + 1))?;
    }
    Ok(roots)
}

/// Those of this system, which its owner may have added to, or else Mozilla's as they were when tlscribe was built.
fn usual_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    if let Some(file) = system_roots() {
        roots.add_parsable_certificates(CertificateDer::pem_file_iter(file).into_iter().flatten().flatten());
    }
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn certificates_of(option: &str, file: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("{option}={file}: cannot be read: {error}"))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(format!("{option}={file}: holds no certificate in PEM")),
        Err(error) => Err(format!("{option}={file}: is no PEM: {error}")),
    }
}

fn key_of(key: &Secret) -> Result<PrivateKeyDer<'static>, String> {
    let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes());
    key.map_err(|_| "the client key is no private key in PEM, or is encrypted; it has to be one that is not".into())
}

/// What went wrong with a connection, in plain words: where it is TLS, what is wrong and what to do.
pub(super) fn trouble(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => tls_trouble(error),
        None => error.to_string(),
    }
}

fn tls_trouble(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(why) => certificate_trouble(why),
        Error::AlertReceived(alert) => alert_trouble(*alert),
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            "what answers there does not speak TLS; check the port".into()
        }
        Error::PeerIncompatible(why) => {
            format!("no TLS version or cipher suite in common ({why:?}); TLS 1.2 is the least")
        }
        error => format!("TLS failed: {error}"),
    }
}

fn certificate_trouble(why: &CertificateError) -> String {
    match why {
        CertificateError::Expired => "its certificate has expired; renew it there".into(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("its certificate expired on {}; renew it there", date(*not_after))
        }
        CertificateError::NotValidYet => "its certificate is not valid yet; check the clocks here and there".into(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is not valid before {}; check the clocks here and there", date(*not_before))
        }
        CertificateError::UnknownIssuer => {
            "its certificate is issued by nobody who is trusted here; name the authority's certificate with ca_file"
                .into()
        }
        CertificateError::NotValidForName => "its certificate is for another name".into(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> = presented.iter().take(MAX_NAMES).map(|name| bare(name)).collect();
            let carries = if names.is_empty() { "no name".into() } else { names.join(", ") };
            format!(
                "its certificate is not for {} (it carries {carries}); use a name it carries, or say with server_name which one to verify",
                expected.to_str()
            )
        }
        CertificateError::Revoked => "its certificate was revoked; a new one is needed there".into(),
        // What `openssl req -x509` makes unless it is told otherwise.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is that of an authority (CA:TRUE), which no server may use; give it one with CA:FALSE"
                .into()
        }
        why => format!("its certificate cannot be verified: {why}"),
    }
}

/// `DnsName("a.example")` without what stands around it. Whoever made the certificate chose the letters.
fn bare(name: &str) -> String {
    let inside = name.split_once('(').map_or(name, |(_, inside)| inside);
    inside
        .trim_end_matches(')')
        .trim_matches('"')
        .chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_NAME)
        .collect()
}

fn alert_trouble(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "it asks for a client certificate; name one with client_cert_file and client_key_file".into()
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => {
            format!("it does not accept our client certificate, or the lack of one (alert {alert:?}); see client_cert_file")
        }
        AlertDescription::HandshakeFailure => "it refused the handshake (alert HandshakeFailure): no cipher suite in common, or it asks for a client certificate; see client_cert_file".into(),
        alert => format!("it refused the handshake (alert {alert:?})"),
    }
}

fn date(time: UnixTime) -> CertificateTime {
    CertificateTime::from_unix_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(given: &[(&str, &str)]) -> Result<TlsOptions, String> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        TlsOptions::take(&mut Options::new(given.collect()))
    }

    #[test]
    fn mistakes_are_told_with_the_option() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("empty.pem");
        std::fs::write(&file, "no PEM\n").expect("a file");
        let file = file.to_str().expect("text");
        let mistake = |given: &[(&str, &str)]| taken(given).expect_err("a mistake");
        assert_eq!(mistake(&[("ca_file", file)]), format!("ca_file={file}: holds no certificate in PEM"));
        assert!(mistake(&[("ca_file", "/not/there")]).starts_with("ca_file=/not/there: cannot be read: "));
        assert!(mistake(&[("client_cert_file", file)]).contains("client_key_file"));
        assert!(mistake(&[("client_key_file", file)]).contains("client_cert_file"));
        assert!(mistake(&[("server_name", "a b")]).contains("a b is no name"));
    }

    #[test]
    fn the_name_that_is_verified_is_the_hosts_unless_it_was_said() {
        let name = |given: &[(&str, &str)], host| {
            taken(given).expect("options").name_of(host).map(|name| name.to_str().into_owned())
        };
        assert_eq!(name(&[], "logs.example.org"), Ok("logs.example.org".into()));
        assert_eq!(name(&[], "2001:db8::1"), Ok("2001:db8::1".into()));
        assert_eq!(name(&[("server_name", "other.example")], "10.0.0.1"), Ok("other.example".into()));
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_in_plain_words() {
        let told = |why| trouble(&io::Error::other(Error::InvalidCertificate(why)));
        let [time, not_after] =
            [1_800_000_000, 1_706_745_600].map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        assert_eq!(
            told(CertificateError::ExpiredContext { time, not_after }),
            "its certificate expired on 2024-02-01T00:00:00Z; renew it there"
        );
        assert!(told(CertificateError::UnknownIssuer).contains("ca_file"));
        let expected = ServerName::try_from("logs.example.org").expect("a name");
        let presented = vec!["DnsName(\"a.example\")".to_owned(), "IpAddress(10.0.0.1)".to_owned()];
        assert_eq!(
            told(CertificateError::NotValidForNameContext { expected, presented }),
            "its certificate is not for logs.example.org (it carries a.example, 10.0.0.1); use a name it carries, or say with \
             server_name which one to verify"
        );
        assert_eq!(trouble(&io::Error::from_raw_os_error(104)), io::Error::from_raw_os_error(104).to_string());
    }
}
