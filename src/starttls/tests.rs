//! Conversations before TLS, and every beginning of them.

use super::*;

const CLIENT: bool = true;
const SERVER: bool = false;
const REFUSED: Progress = Progress::Refused { went_on: false };
const WENT_ON: Progress = Progress::Refused { went_on: true };

fn after(said: &[(bool, &[u8])]) -> Dialog {
    let mut dialog = Dialog::default();
    said.iter().for_each(|(from_client, bytes)| dialog.says(*from_client, bytes));
    dialog
}

type Said = (bool, &'static [u8]);

const SMTP: [Said; 4] = [
    (SERVER, b"220 mail.example ESMTP\r\n"),
    (CLIENT, b"EHLO client.example\r\n"),
    (SERVER, b"250-mail.example\r\n250-STARTTLS\r\n250 SIZE 1000\r\n"),
    (CLIENT, b"STARTTLS\r\n"),
];

type Asking = (&'static str, &'static [Said], &'static [u8], &'static [u8]);

/// Each language: how a client asks for TLS, how a server agrees, how it refuses.
const LANGUAGES: [Asking; 10] = [
    ("smtp", &SMTP, b"220 go ahead\r\n", b"454 4.7.0 TLS not available due to local problem\r\n"),
    (
        "ftp",
        &[(SERVER, b"220 (vsFTPd 3.0.3)\r\n"), (CLIENT, b"AUTH TLS\r\n")],
        b"234 Proceed.\r\n",
        b"530 Please login with USER and PASS.\r\n",
    ),
    (
        "imap",
        &[(SERVER, b"* OK ready\r\n"), (CLIENT, b"a1 STARTTLS\r\n")],
        b"a1 OK begin\r\n",
        b"a1 BAD unknown command\r\n",
    ),
    ("pop3", &[(SERVER, b"+OK ready\r\n"), (CLIENT, b"STLS\r\n")], b"+OK begin\r\n", b"-ERR not here\r\n"),
    (
        "nntp",
        &[(SERVER, b"200 news.example\r\n"), (CLIENT, b"STARTTLS\r\n")],
        b"382 Continue\r\n",
        b"580 Can not initiate TLS\r\n",
    ),
    (
        "sieve",
        &[(SERVER, b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n"), (CLIENT, b"STARTTLS\r\n")],
        b"OK \"Begin\"\r\n",
        b"NO \"no\"\r\n",
    ),
    (
        "xmpp",
        &[
            (CLIENT, b"<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client'>"),
            (SERVER, b"<stream:features><starttls/></stream:features>"),
            (CLIENT, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ],
        b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    ),
    ("postgresql", &[(CLIENT, &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f])], b"S", b"N"),
    (
        "ldap",
        &[(CLIENT, b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037")],
        b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0",
        b"\x30\x84\0\0\0\x10\x02\x01\x01\x78\x84\0\0\0\x07\x0a\x01\x34\x04\0\x04\0",
    ),
    (
        "",
        &[(CLIENT, b"CONNECT www.example.org:443 HTTP/1.1\r\n\r\n")],
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
    ),
];

#[test]
fn every_language_knows_its_yes_and_its_no() {
    for (name, asking, yes, no) in LANGUAGES {
        let asked = after(asking);
        assert_eq!(asked.progress(), Progress::Asked, "{name}");
        assert_eq!(asked.starttls().unwrap_or_default(), name);
        for (answer, progress) in [(yes, Progress::Accepted), (no, REFUSED)] {
            assert_eq!(after(&[asking, &[(SERVER, answer)]].concat()).progress(), progress, "{name}");
        }
    }
}

#[test]
fn no_beginning_of_a_conversation_is_taken_for_a_refusal_or_panics() {
    for (name, asking, _, no) in LANGUAGES {
        let said = [asking, &[(SERVER, no)]].concat();
        for (at, (from_client, bytes)) in said.iter().enumerate() {
            for length in 0..bytes.len() {
                let progress = after(&[&said[..at], &[(*from_client, &bytes[..length])]].concat()).progress();
                let answered = at + 1 == said.len();
                assert!(answered || !matches!(progress, Progress::Refused { .. }), "{name}: {at}, {length} bytes");
            }
        }
    }
}

#[test]
fn a_conversation_in_single_bytes_says_the_same() {
    let mut dialog = Dialog::default();
    for (from_client, bytes) in &SMTP[1..] {
        bytes.iter().for_each(|byte| dialog.says(*from_client, &[*byte]));
    }
    assert_eq!(dialog.progress(), Progress::Open, "nobody is known by one byte");
    let mut dialog = after(&SMTP[..1]);
    for (from_client, bytes) in SMTP[1..].iter().chain(&[(SERVER, b"454 no\r\n".as_slice())]) {
        bytes.iter().for_each(|byte| dialog.says(*from_client, &[*byte]));
    }
    assert_eq!(dialog.progress(), REFUSED);
}

#[test]
fn a_client_that_goes_on_without_tls_is_told_from_one_that_leaves() {
    let refused = [&SMTP[..], &[(SERVER, b"454 no\r\n")]].concat();
    let then = |words: &'static [u8]| after(&[&refused[..], &[(CLIENT, words)]].concat()).progress();
    assert_eq!(then(b"QUIT\r\n"), REFUSED);
    assert_eq!(then(b"MAIL FROM:<a@example.org>\r\n"), WENT_ON);
}

#[test]
fn tls_that_is_not_offered_matters_to_a_client_that_asked_and_leaves() {
    let begun: [Said; 3] = [SMTP[0], SMTP[1], (SERVER, b"250-mail.example\r\n250 SIZE 1000\r\n")];
    let then = |more: &[Said]| after(&[&begun[..], more].concat()).progress();
    assert_eq!(then(&[]), Progress::NotOffered);
    assert_eq!(then(&[(CLIENT, b"QUIT\r\n"), (SERVER, b"221 bye\r\n")]), Progress::NotOffered);
    assert_eq!(then(&[(CLIENT, b"MAIL FROM:<a@example.org>\r\n")]), Progress::Open);
    let logged_in: [Said; 5] = [
        (SERVER, b"* OK ready\r\n"),
        (CLIENT, b"a LOGIN me secret\r\n"),
        (SERVER, b"a OK done\r\n"),
        (CLIENT, b"b CAPABILITY\r\n"),
        (SERVER, b"* CAPABILITY IMAP4rev1\r\nb OK done\r\n"),
    ];
    assert_eq!(after(&logged_in).progress(), Progress::Open, "servers do not offer it after a login");
}

#[test]
fn postgresql_has_another_encryption_to_refuse_first() {
    let gss: Said = (CLIENT, &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x30]);
    let ssl: Said = (CLIENT, &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]);
    assert_eq!(after(&[gss, (SERVER, b"N")]).progress(), Progress::Open);
    assert_eq!(after(&[gss, (SERVER, b"N"), ssl, (SERVER, b"S")]).progress(), Progress::Accepted);
    assert_eq!(after(&[ssl, (SERVER, b"N"), gss, (SERVER, b"N")]).progress(), Progress::Refused { went_on: false });
    assert_eq!(after(&[ssl, (SERVER, b"N"), (CLIENT, b"\0\0\0\x20\0\x03\0\0user\0")]).progress(), WENT_ON);
}

#[test]
fn mysql_clients_say_that_tls_follows() {
    let greeting: Said = (SERVER, b"\x0b\0\0\0\x0a8.0.36\0\x01\0\0");
    let request: Said = (CLIENT, b"\x20\0\0\x01\x05\xae\xff\x01\0\0\0\x01\x21");
    let asked = after(&[greeting, request]);
    assert_eq!((asked.progress(), asked.starttls()), (Progress::Accepted, Some("mysql")));
}

#[test]
fn proxies_are_asked_by_name_and_may_want_credentials_first() {
    let connect: Said = (CLIENT, b"CONNECT www.example.org:443 HTTP/1.1\r\n\r\n");
    let wants: Said = (SERVER, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let opened: Said = (SERVER, b"HTTP/1.1 200 Connection established\r\n\r\n");
    let dialog = after(&[connect, wants, connect, opened]);
    assert_eq!((dialog.progress(), dialog.via().as_deref()), (Progress::Accepted, Some("connect www.example.org:443")));
    let elsewhere: Said = (CLIENT, b"CONNECT 127.0.0.1:9 HTTP/1.1\r\n\r\n");
    let failed = after(&[elsewhere, (SERVER, b"HTTP/1.1 500 Unable to connect\r\n\r\n")]);
    assert_eq!(
        (failed.progress(), failed.via().as_deref()),
        (REFUSED, Some("connect 127.0.0.1:9")),
        "TLS runs on any port"
    );
    assert_eq!(after(&[(CLIENT, b"CONNECT nowhere HTTP/1.1\r\n\r\n")]).via(), None, "no port");
}

#[test]
fn socks_in_both_versions() {
    let five: [Said; 4] = [
        (CLIENT, &[5, 1, 0]),
        (SERVER, &[5, 0]),
        (CLIENT, b"\x05\x01\0\x03\x0bexample.org\x01\xbb"),
        (SERVER, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ];
    let dialog = after(&five);
    assert_eq!((dialog.progress(), dialog.via().as_deref()), (Progress::Accepted, Some("socks example.org:443")));
    let refused = after(&[&five[..3], &[(SERVER, &[5, 5, 0, 1, 0, 0, 0, 0, 0, 0])]].concat());
    assert_eq!(refused.progress(), REFUSED);
    assert_eq!(after(&five[..2]).progress(), Progress::Asked, "no authentication is a way to authenticate");
    assert_eq!(after(&[five[0], (SERVER, &[5, 0xff])]).progress(), REFUSED);
    let credentials: [Said; 3] = [(CLIENT, &[5, 1, 2]), (SERVER, &[5, 2]), (CLIENT, b"\x01\x02me\x02my")];
    assert_eq!(after(&[&credentials[..], &[(SERVER, &[1, 1])]].concat()).progress(), REFUSED);
    let known = after(&[&credentials[..], &[(SERVER, &[1, 0])], &five[2..]].concat());
    assert_eq!((known.progress(), known.via().as_deref()), (Progress::Accepted, Some("socks example.org:443")));
    let four: [Said; 2] =
        [(CLIENT, b"\x04\x01\x01\xbb\0\0\0\x01me\0example.org\0"), (SERVER, &[0, 0x5b, 0, 0, 0, 0, 0, 0])];
    let dialog = after(&four);
    assert_eq!((dialog.progress(), dialog.via().as_deref()), (REFUSED, Some("socks example.org:443")));
    for (at, (from_client, bytes)) in five.iter().chain(&four).enumerate() {
        for length in 0..bytes.len() {
            after(&[&five[..at.min(2)], &[(*from_client, &bytes[..length])]].concat());
        }
    }
}

#[test]
fn after_a_loss_nothing_is_a_refusal() {
    let mut dialog = after(&SMTP);
    dialog.lose();
    dialog.says(SERVER, b"454 no\r\n");
    assert_eq!((dialog.progress(), dialog.starttls()), (Progress::Open, None));
}
