//! A TLS client and server on rustls, for the captures that need what the other stacks do not have: X25519MLKEM768, records of
//! any size, one key share too few.
//!
//! ```text
//! rustls-peer client ADDRESS:PORT NAME ROOTS.pem [OPTION=VALUE...]
//! rustls-peer server ADDRESS:PORT CHAIN.pem KEY.pem [OPTION=VALUE...]
//! ```
//!
//! Options: `version=1.2|1.3`, `groups=LIST` (IANA's names, the first one gets the key share), `fragment=BYTES` (largest
//! record), `alpn=LIST`, `suites=LIST` (IANA's names), `connections=N` (one after the other, resuming; client), `early=yes`
//! (0-RTT), `auth=CHAIN.pem,KEY.pem` (the client's certificate), `cancel=yes` (a client that says close_notify in place of
//! its second flight), `require=ROOTS.pem` (a server that demands a certificate), `name=NAME` (the one name that it serves).

use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::collections::HashMap;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

static ONLY_TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
static ONLY_TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

struct Options(HashMap<String, String>);

impl Options {
    fn parse(words: &[String]) -> Self {
        Options(words.iter().filter_map(|w| w.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect())
    }

    fn list(&self, name: &str) -> Vec<&str> {
        self.0.get(name).map(|v| v.split(',').collect()).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Result<Option<usize>> {
        Ok(self.0.get(name).map(|v| v.parse()).transpose()?)
    }

    fn versions(&self) -> &'static [&'static SupportedProtocolVersion] {
        match self.0.get("version").map(String::as_str) {
            Some("1.2") => ONLY_TLS12,
            Some("1.3") => ONLY_TLS13,
            _ => rustls::ALL_VERSIONS,
        }
    }

    fn provider(&self) -> Result<Arc<CryptoProvider>> {
        let mut provider = aws_lc_rs::default_provider();
        let named = self.list("groups");
        if !named.is_empty() {
            provider.kx_groups = named.into_iter().map(group).collect::<Result<_>>()?;
        }
        let suites = self.list("suites");
        if !suites.is_empty() {
            provider.cipher_suites.retain(|suite| suite.suite().as_str().is_some_and(|name| suites.contains(&name)));
        }
        Ok(Arc::new(provider))
    }

    fn alpn(&self) -> Vec<Vec<u8>> {
        self.list("alpn").into_iter().map(|name| name.as_bytes().to_vec()).collect()
    }
}

fn group(name: &str) -> Result<&'static dyn SupportedKxGroup> {
    Ok(match name {
        "X25519MLKEM768" => aws_lc_rs::kx_group::X25519MLKEM768,
        "x25519" => aws_lc_rs::kx_group::X25519,
        "secp256r1" => aws_lc_rs::kx_group::SECP256R1,
        "secp384r1" => aws_lc_rs::kx_group::SECP384R1,
        _ => return Err(format!("unknown group {name}").into()),
    })
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>> {
    Ok(CertificateDer::pem_file_iter(file)?.collect::<std::result::Result<_, _>>()?)
}

fn roots(file: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn client(words: &[String]) -> Result<()> {
    let [address, name, roots_file, rest @ ..] = words else { return Err("client ADDRESS:PORT NAME ROOTS.pem".into()) };
    let options = Options::parse(rest);
    let builder = ClientConfig::builder_with_provider(options.provider()?)
        .with_protocol_versions(options.versions())?
        .with_root_certificates(roots(roots_file)?);
    let mut config = match *options.list("auth") {
        [chain, key] => builder.with_client_auth_cert(certificates(chain)?, PrivateKeyDer::from_pem_file(key)?)?,
        _ => builder.with_no_client_auth(),
    };
    config.max_fragment_size = options.number("fragment")?;
    config.alpn_protocols = options.alpn();
    config.enable_early_data = options.0.contains_key("early");
    let config = Arc::new(config);
    for _ in 0..options.number("connections")?.unwrap_or(1) {
        let mut socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        let mut connection = ClientConnection::new(config.clone(), ServerName::try_from(name.clone())?)?;
        if let Some(mut early) = connection.early_data() {
            early.write_all(b"early\n")?;
        }
        if options.0.contains_key("cancel") {
            connection.write_tls(&mut socket)?;
            socket.peek(&mut [0])?;
            connection.send_close_notify();
            connection.write_tls(&mut socket)?;
            continue;
        }
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        stream.write_all(b"hello\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        connection.send_close_notify();
        connection.write_tls(&mut socket)?;
        eprintln!("{:?} {:?}", connection.handshake_kind(), connection.protocol_version());
    }
    Ok(())
}

fn server(words: &[String]) -> Result<()> {
    let [address, chain, key, rest @ ..] = words else { return Err("server ADDRESS:PORT CHAIN.pem KEY.pem".into()) };
    let options = Options::parse(rest);
    let provider = options.provider()?;
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(options.versions())?;
    let builder = match options.0.get("require") {
        Some(file) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(file)?), provider.clone());
            builder.with_client_cert_verifier(verifier.build()?)
        }
        None => builder.with_no_client_auth(),
    };
    let (chain, key) = (certificates(chain)?, PrivateKeyDer::from_pem_file(key)?);
    let mut config = match options.0.get("name") {
        Some(name) => {
            let mut names = ResolvesServerCertUsingSni::new();
            names.add(name, CertifiedKey::new(chain, provider.key_provider.load_private_key(key)?))?;
            builder.with_cert_resolver(Arc::new(names))
        }
        None => builder.with_single_cert(chain, key)?,
    };
    config.max_fragment_size = options.number("fragment")?;
    config.alpn_protocols = options.alpn();
    config.max_early_data_size = if options.0.contains_key("early") { 1024 } else { 0 };
    let config = Arc::new(config);
    for socket in TcpListener::bind(address)?.incoming() {
        if let Err(error) = answer(&config, socket?) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

/// One connection: reads early data and a line, sends the line back and closes.
fn answer(config: &Arc<ServerConfig>, mut socket: TcpStream) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut connection = ServerConnection::new(config.clone())?;
    connection.complete_io(&mut socket)?;
    let mut line = [0; 64];
    if let Some(mut early) = connection.early_data() {
        early.read(&mut line)?;
    }
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    let length = stream.read(&mut line)?;
    stream.write_all(line.get(..length).unwrap_or_default())?;
    connection.send_close_notify();
    connection.write_tls(&mut socket)?;
    // the client closes first, so that nothing is reset
    while socket.read(&mut line)? > 0 {}
    Ok(())
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((mode, rest)) if mode == "client" => client(rest),
        Some((mode, rest)) if mode == "server" => server(rest),
        _ => Err("rustls-peer client|server ...".into()),
    }
}
