//! A receiver that speaks HTTP as well and as badly as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request that has arrived in full.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    /// By their names in small letters.
    pub(super) headers: BTreeMap<String, String>,
    /// Decompressed.
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        std::str::from_utf8(&self.body).unwrap().lines()
    }
}

/// What becomes of a request.
pub(super) enum Reply {
    /// A status, headers that end with line ends, and a body.
    Answer(u16, &'static str, String),
    /// The beginning of an answer, and then the end of the connection.
    CutAnswer,
    /// What is no HTTP.
    Garbage,
    /// Nothing, ever.
    Hang,
    /// The end of the connection.
    Close,
}

/// Nothing but a status.
pub(super) fn status(code: u16) -> Reply {
    Reply::Answer(code, "", String::new())
}

/// A good answer.
pub(super) fn ok(body: impl Into<String>) -> Reply {
    Reply::Answer(200, "", body.into())
}

type Script = dyn FnMut(&Request) -> Reply + Send;

/// A receiver at work. It works until the test ends.
pub(super) struct Receiver {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    /// One that answers as a script says. Of the first so many requests with a body it reads but a part, and hangs up.
    pub(super) fn start(cuts: usize, script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::start_with(None, cuts, script)
    }

    /// The same, over TLS.
    pub(super) fn start_with(
        tls: Option<Arc<rustls::ServerConfig>>,
        cuts: usize,
        script: impl FnMut(&Request) -> Reply + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared {
            script: Arc::new(Mutex::new(Box::new(script))),
            cuts: Arc::new(Mutex::new(cuts)),
            requests: Arc::clone(&requests),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (shared, tls) = (shared.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    None => shared.serve(stream),
                    Some(config) => {
                        let session = rustls::ServerConnection::new(config).unwrap();
                        shared.serve(rustls::StreamOwned::new(session, stream));
                    }
                });
            }
        });
        Self { address, requests }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What has arrived in full.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Those with a body.
    pub(super) fn posts(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.method == "POST" && !request.body.is_empty()).collect()
    }
}

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<Box<Script>>>,
    cuts: Arc<Mutex<usize>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Shared {
    /// Answers the requests of a connection, until either side has enough of it.
    fn serve(&self, stream: impl Read + Write) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = self.read(&mut stream) {
            self.requests.lock().unwrap().push(request.clone());
            let reply = (self.script.lock().unwrap())(&request);
            let out = stream.get_mut();
            let written = match reply {
                Reply::Answer(status, headers, body) => {
                    let length = body.len();
                    write!(out, "HTTP/1.1 {status} Status\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
                }
                Reply::CutAnswer => {
                    let _ = write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{{\"errors\":fal");
                    let _ = out.flush();
                    return;
                }
                Reply::Garbage => write!(out, "220 mail.example.org ESMTP\r\n"),
                Reply::Hang => {
                    std::thread::sleep(Duration::from_secs(600));
                    return;
                }
                Reply::Close => return,
            };
            if written.and_then(|()| out.flush()).is_err() {
                return;
            }
        }
    }

    fn read(&self, stream: &mut BufReader<impl Read + Write>) -> Option<Request> {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut request = Request { method: words.next()?, path: words.next()?, ..Request::default() };
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            request.headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length: usize = request.header("content-length").parse().unwrap_or(0);
        assert!(request.header("transfer-encoding").is_empty(), "lengths are known");
        if length > 0 && self.is_to_cut() {
            stream.read_exact(&mut vec![0; length / 2]).ok()?;
            return None;
        }
        request.body = vec![0; length];
        stream.read_exact(&mut request.body).ok()?;
        if request.header("content-encoding") == "gzip" {
            let mut body = Vec::new();
            flate2::read::GzDecoder::new(request.body.as_slice()).read_to_end(&mut body).unwrap();
            request.body = body;
        }
        Some(request)
    }

    fn is_to_cut(&self) -> bool {
        let mut cuts = self.cuts.lock().unwrap();
        let cut = *cuts > 0;
        *cuts = cuts.saturating_sub(1);
        cut
    }
}

/// A server's certificate for `localhost`, and the file of the authority that issued it; `None`, said on the terminal, where
/// there is no openssl.
pub(super) fn certificate(folder: &std::path::Path) -> Option<(Arc<rustls::ServerConfig>, std::path::PathBuf)> {
    use rustls::pki_types::pem::PemObject as _;
    let openssl = |arguments: &str| {
        std::process::Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().ok()
    };
    std::fs::write(folder.join("extensions"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for arguments in [
        format!("req -x509 {key} -keyout ca.key -out ca.pem -days 30 -subj /CN=authority"),
        format!("req {key} -keyout key.pem -out request.pem -subj /CN=localhost"),
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 30 -extfile extensions -out certificate.pem"
            .to_owned(),
    ] {
        let Some(made) = openssl(&arguments) else {
            crate::support::say("sinks over TLS: SKIPPED, there is no openssl");
            return None;
        };
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let certificate = rustls::pki_types::CertificateDer::from_pem_file(folder.join("certificate.pem")).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key).unwrap();
    Some((Arc::new(config), folder.join("ca.pem")))
}
