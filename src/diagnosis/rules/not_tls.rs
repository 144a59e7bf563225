//! One side does not speak TLS here, or something else stands before it: another protocol, a proxy, a header.

use super::super::scene::Scene;
use super::super::{Cause, Confidence, Evidence, Finding, Party, words};
use crate::handshake::{Obstacle, Plain, Side};
use crate::starttls::proxy_protocol;
use crate::tls::registry::HandshakeType;

fn said<'a>(scene: &'a Scene<'_>, side: Side) -> Option<&'a Plain> {
    scene.handshake.plain.get(side.index())?.as_deref()
}

/// What a side said, quoted.
fn quote(scene: &Scene<'_>, side: Side, last: bool) -> Option<Evidence> {
    let plain = said(scene, side)?;
    let text = words::quoted(if last { plain.last_line() } else { &plain.head });
    let (mark, which) = if last { (plain.last, "last ") } else { (plain.first, "") };
    Some(Evidence {
        code: "said",
        side: Some(side),
        mark: Some(mark),
        what: format!("the {} said {which}{text}", side.name()),
    })
}

/// STARTTLS was asked for and refused, or was not offered.
pub(super) fn starttls_refused(scene: &Scene<'_>) -> Option<Finding> {
    let refused = match scene.handshake.obstacle? {
        Obstacle::StarttlsRefused { .. } => true,
        Obstacle::StarttlsNotOffered => false,
        _ => return None,
    };
    let protocol = scene.handshake.starttls.unwrap_or("the protocol").to_uppercase();
    let server = scene.handshake.server;
    let summary = if refused {
        format!("{server} refuses to change to TLS on its {protocol} connection.")
    } else {
        format!("{server} does not offer TLS on its {protocol} connection, and the client left.")
    };
    let asked = if refused {
        "the server refused TLS when it was asked for"
    } else {
        "the server does not offer TLS, and the client left"
    };
    Finding::new(Cause::StarttlsRefused, Party::Server, if refused { Confidence::Certain } else { Confidence::Likely }, summary)
        .with(quote(scene, Side::Server, true))
        .with(quote(scene, Side::Client, true))
        .because("starttls", Some(Side::Server), None, asked.to_owned())
        .advise(
            "Enable TLS on the server (a certificate and key that it can load; its log says why TLS is not available), or use the port for TLS from the first \
             byte (465, 993, 995, 990). A box in between that strips STARTTLS looks the same from the client's side: compare with a capture at the server.",
        )
        .into()
}

/// A proxy did not open the way.
pub(super) fn proxy_refused(scene: &Scene<'_>) -> Option<Finding> {
    if scene.handshake.obstacle? != Obstacle::ProxyRefused {
        return None;
    }
    let answer = said(scene, Side::Server).map(|plain| words::quoted(&plain.head)).unwrap_or_default();
    let target = scene.handshake.via.as_deref().unwrap_or("another host");
    let summary = format!("The proxy {} refuses the way asked for ({target}): {answer}.", scene.handshake.server);
    Finding::new(Cause::ProxyRefused, Party::Network, Confidence::Certain, summary)
        .with(quote(scene, Side::Server, false))
        // What is said in SOCKS may hold a password.
        .with(quote(scene, Side::Client, false).filter(|_| said(scene, Side::Client).is_some_and(Plain::is_text)))
        .because("proxy", Some(Side::Server), None, "the proxy was asked for a way and opened none".to_owned())
        .advise("Read the proxy's answer: 407 wants credentials, 403 and SOCKS code 2 are a rule, 502 to 504 and SOCKS codes 3 to 6 mean that the proxy cannot reach the host.")
        .into()
}

/// A PROXY header to a server that does not expect one.
pub(super) fn proxy_protocol_mismatch(scene: &Scene<'_>) -> Option<Finding> {
    let plain = said(scene, Side::Client)?;
    if !proxy_protocol::is_begun(&plain.head) || scene.server_answered() {
        return None;
    }
    let summary =
        format!("A PROXY header stands before the client's hello, and {} does not take it.", scene.handshake.server);
    let what = if plain.head.starts_with(b"PROXY ") {
        format!("before its hello the client said {}", words::quoted(&plain.head))
    } else {
        "before its hello the client sent a PROXY header, version 2".to_owned()
    };
    let answer = quote(scene, Side::Server, false);
    Finding::new(Cause::ProxyProtocolMismatch, Party::Network, Confidence::Likely, summary)
        .because("proxy_header", Some(Side::Client), Some(plain.first), what)
        .with(answer)
        .with(scene.ending_evidence())
        .advise("Make the two agree: switch the PROXY protocol off on the load balancer (`send-proxy`), or on at the server (`listen ... ssl proxy_protocol`, `accept-proxy`).")
        .into()
}

/// The hello was answered in another protocol.
pub(super) fn server_not_tls(scene: &Scene<'_>) -> Option<Finding> {
    let hello = scene.hello_mark()?;
    if let Some(echo) = scene.mark_of(Side::Server, HandshakeType::CLIENT_HELLO) {
        let summary = format!("{} does not speak TLS: it sends the client's hello back.", scene.handshake.server);
        return Finding::new(Cause::ServerNotTls, Party::Client, Confidence::Certain, summary)
            .because("said", Some(Side::Server), Some(echo), "the server sent back the client's own hello".to_owned())
            .because("client_hello", Some(Side::Client), Some(hello), "the client begins with a TLS hello".to_owned())
            .advise("Check host and port in the client: an echo service answers there.")
            .into();
    }
    let plain = said(scene, Side::Server)?;
    // Behind a hole nothing looks like TLS.
    let hole = scene.handshake.missing.iter().any(|missing| missing.from == Side::Server);
    if scene.server_answered() || hole || !(plain.answers_hello || greeted_first(scene, plain)) {
        return None;
    }
    let protocol = protocol(&plain.head);
    let what = protocol.map_or("something that is not TLS".to_owned(), |protocol| format!("in {protocol}"));
    let summary = format!(
        "{} does not speak TLS: it answers the client's hello {what}: {}.",
        scene.handshake.server,
        words::quoted(&plain.head)
    );
    let advice = match protocol {
        Some("HTTP") => {
            "The port is for plain HTTP: use http:// or the port for https (443), or switch TLS on for this port on the server."
        }
        Some("SMTP" | "FTP" | "IMAP" | "POP3" | "XMPP") => {
            "The server wants to be greeted in its own protocol first: let the client use STARTTLS here, or connect to the port for TLS from the first byte."
        }
        _ => {
            "Check host and port in the client: another service answers there. If it should be TLS, switch it on at the server."
        }
    };
    Finding::new(Cause::ServerNotTls, Party::Client, Confidence::Certain, summary)
        .with(quote(scene, Side::Server, false))
        .because("client_hello", Some(Side::Client), Some(hello), "the client begins with a TLS hello".to_owned())
        .advise(advice)
        .into()
}

/// A server that speaks first greeted the client before its hello, and no STARTTLS led to the hello.
fn greeted_first(scene: &Scene<'_>, greeting: &Plain) -> bool {
    said(scene, Side::Client).is_none()
        && scene.handshake.starttls.is_none()
        && scene.handshake.via.is_none()
        && greeting.length > 0
}

/// The protocol by its first words.
fn protocol(head: &[u8]) -> Option<&'static str> {
    let begins = |word: &[u8]| head.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let contains = |word: &[u8]| head.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    Some(match () {
        () if begins(b"HTTP/") || begins(b"<!DOCTYPE") || begins(b"<html") => "HTTP",
        () if begins(b"SSH-") => "SSH",
        () if begins(b"* OK") || begins(b"* PREAUTH") || begins(b"* BYE") || begins(b"* BAD") => "IMAP",
        () if begins(b"+OK") => "POP3",
        () if (begins(b"220") || begins(b"421") || begins(b"500") || begins(b"554")) && contains(b"smtp") => "SMTP",
        () if begins(b"220") && contains(b"ftp") => "FTP",
        () if begins(b"220") || begins(b"421") => "SMTP or FTP",
        () if begins(b"500 ") || begins(b"501 ") || begins(b"502 ") => "SMTP or FTP",
        () if begins(b"-ERR") || begins(b"-NOAUTH") || begins(b"+PONG") => "Redis or POP3",
        () if begins(b"RFB ") => "VNC",
        () if begins(b"<?xml") || begins(b"<stream") => "XMPP",
        () if begins(b"AMQP") => "AMQP",
        () if begins(b"ERROR") => "memcached",
        () if head.get(4) == Some(&10) && (contains(b"mysql_native_password") || contains(b"mariadb")) => "MySQL",
        () if begins(b"N") && head.len() == 1 => "PostgreSQL",
        () if begins(b"E\0") || begins(b"EFATAL") => "PostgreSQL",
        () => return None,
    })
}

/// The client speaks plain text to a TLS server.
pub(super) fn client_not_tls(scene: &Scene<'_>) -> Option<Finding> {
    if scene.handshake.obstacle? != Obstacle::NotTls {
        return None;
    }
    let plain = said(scene, Side::Client)?;
    let text = words::quoted(&plain.head);
    let http = is_http_request(&plain.head);
    let what = if http { "plain HTTP" } else { "something that is not TLS" };
    let summary = format!("The client speaks {what} to {}, which expects TLS: {text}.", scene.handshake.server);
    let answered = said(scene, Side::Server).is_some();
    let alerted = scene.ending.is_some_and(|ending| ending.by == Side::Server) && !scene.handshake.alerts.is_empty();
    let confidence = if alerted || answered { Confidence::Certain } else { Confidence::Likely };
    let finding =
        Finding::new(Cause::ClientNotTls, Party::Client, confidence, summary).with(quote(scene, Side::Client, false));
    let finding = finding
        .with(quote(scene, Side::Server, false).filter(|_| said(scene, Side::Server).is_some_and(Plain::is_text)))
        .with(scene.ending_evidence());
    let advice = if http {
        "Let the client use https:// on this port, or the port for plain HTTP. A reverse proxy may be set to speak http to a backend that speaks https."
    } else {
        "Check host and port in the client and that TLS is switched on in it."
    };
    Some(finding.advise(advice))
}

fn is_http_request(head: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] =
        [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"CONNECT ", b"PRI "];
    METHODS.iter().any(|method| head.starts_with(method))
}
