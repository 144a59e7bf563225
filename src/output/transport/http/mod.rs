//! HTTP as all receivers are spoken to that use it: one connection that is kept, credentials, compression, time limits.
//!
//! | module | what it is for |
//! |---|---|
//! | `address`, `credentials` | where to, and as whom |
//! | `tls` | our settings of TLS for the HTTP library |
//! | `answer` | what statuses mean that mean the same everywhere |
//! | `parts` | a parcel as several requests, for receivers that do not take it in one |
//!
//! A proxy is used where the environment names one (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).

mod address;
mod answer;
mod credentials;
mod parts;
mod tls;

pub(super) use address::Address;
pub(super) use answer::{Answer, excerpt};
pub(super) use credentials::Way;
pub(super) use parts::{Fit, Limit, Pending, Verdicts, send_parts};

use super::super::options::Options;
use super::super::parcel::MAX_PARCEL_BYTES;
use super::Setback;
use super::tls::{TlsOptions, trouble};
use credentials::Credentials;
use flate2::{Compression, write::GzEncoder};
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::time::Duration;
use tls::TlsConnector;
use ureq::Agent;
use ureq::http::Request;
use ureq::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, TcpConnector};

/// How long a connection may take, and a whole request where nobody says otherwise.
const CONNECT: Duration = Duration::from_secs(10);
const TIMEOUT: u64 = 60;
/// A connection on which nothing was sent for so long is not used again: some receivers close theirs after five seconds.
const KEPT: Duration = Duration::from_secs(4);
/// An answer has no more bytes than this: a receiver that rejects each event of a parcel has much to say.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;
/// Smaller bodies are not worth the trouble of compression.
const WORTH_COMPRESSION: usize = 4096;
/// What goes through the HTTP library at a time.
const BUFFER: usize = 64 * 1024;

/// Somebody who is spoken to by HTTP.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    address: Address,
    credentials: Credentials,
    compress: bool,
    /// In seconds.
    timeout: u64,
    /// The body of a request, which is written into the same memory each time.
    pub(super) body: Vec<u8>,
}

impl Client {
    /// A client for this address, with what concerns HTTP taken out of the options: credentials in one of these ways.
    ///
    /// # Errors
    /// A mistake of the user.
    pub(super) fn take(
        address: Address,
        ways: &'static [Way],
        compress: bool,
        options: &mut Options,
    ) -> Result<Self, String> {
        let credentials = Credentials::take(ways, options)?;
        let compress = options.one_of("compress", &[("gzip", true), ("none", false)])?.unwrap_or(compress);
        let timeout = options.parsed("timeout")?.unwrap_or(TIMEOUT);
        if timeout == 0 {
            return Err("timeout=0: it is a number of seconds, at least 1".into());
        }
        let whole = Duration::from_secs(timeout);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(whole))
            .timeout_resolve(Some(CONNECT.min(whole)))
            .timeout_connect(Some(CONNECT.min(whole)))
            .max_idle_age(KEPT)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .user_agent(concat!("tlscribe/", env!("CARGO_PKG_VERSION")))
            .build();
        let tls = if address.tls { Some(TlsConnector(TlsOptions::take(options)?)) } else { None };
        let connector = ().chain(ConnectProxyConnector::default()).chain(TcpConnector::default());
        let agent = match tls {
            Some(tls) => Agent::with_parts(config, connector.chain(tls), DefaultResolver::default()),
            None => Agent::with_parts(config, connector, DefaultResolver::default()),
        };
        Ok(Self { agent, address, credentials, compress, timeout, body: Vec::with_capacity(MAX_PARCEL_BYTES) })
    }

    /// True where there are credentials.
    pub(super) fn has_credentials(&self) -> bool {
        self.credentials.are_given()
    }

    /// Asks for what is at this path.
    ///
    /// # Errors
    /// There was no answer.
    pub(super) fn get(&self, path: &str) -> Result<Answer, Setback> {
        self.ask("GET", path)
    }

    /// Asks without a body.
    ///
    /// # Errors
    /// There was no answer.
    pub(super) fn ask(&self, method: &str, path: &str) -> Result<Answer, Setback> {
        let request = self.request(method, path).body(());
        self.answer(request.map(|request| self.agent.run(request)))
    }

    /// Sends [`Self::body`] to this path.
    ///
    /// # Errors
    /// There was no answer, or not all of it.
    pub(super) fn post(&self, path: &str, content: &str, headers: &[(&str, &str)]) -> Result<Answer, Setback> {
        let mut request = self.request("POST", path).header(CONTENT_TYPE, content);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let compressed = (self.compress && self.body.len() >= WORTH_COMPRESSION).then(|| gzip(&self.body)).flatten();
        if compressed.is_some() {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        let request = request.body(compressed.as_deref().unwrap_or(&self.body));
        self.answer(request.map(|request| self.agent.run(request)))
    }

    /// What the answer means, where the protocol says nothing else of its status.
    pub(super) fn setback(&self, answer: &Answer) -> Setback {
        answer.setback(&self.credentials.refused())
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let mut url = String::with_capacity(128);
        // Writing to a string does not fail.
        let _ = write!(url, "{}{path}", self.address);
        let request = Request::builder().method(method).uri(url);
        match self.credentials.header() {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        }
    }

    fn answer(
        &self,
        sent: ureq::http::Result<Result<ureq::http::Response<ureq::Body>, ureq::Error>>,
    ) -> Result<Answer, Setback> {
        let sent = sent.map_err(|error| Setback::new(error.to_string()))?;
        let mut response = sent.map_err(|error| self.unanswered(&error))?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let body = self.credentials.hide(body.map_err(|error| self.unanswered(&error))?);
        Ok(Answer::new(response.status().as_u16(), response.headers(), body))
    }

    /// Why there is no answer.
    fn unanswered(&self, error: &ureq::Error) -> Setback {
        let timeout = self.timeout;
        Setback::new(match error {
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                format!("cannot be reached within {} s", CONNECT.as_secs().min(timeout))
            }
            ureq::Error::Timeout(_) => format!("did not answer within {timeout} s (timeout={timeout})"),
            ureq::Error::HostNotFound => "there is no host of this name".into(),
            ureq::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                "the connection ended before its answer did".into()
            }
            ureq::Error::Io(error) => trouble(error),
            ureq::Error::BodyExceedsLimit(_) => format!("its answer is longer than {} MiB", MAX_ANSWER >> 20),
            error => format!("does not speak HTTP as it should: {error}"),
        })
    }
}

/// Compressed, quickly rather than well; nothing where that fails, which it does not.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()
}
