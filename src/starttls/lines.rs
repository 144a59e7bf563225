//! STARTTLS in protocols of lines (SMTP RFC 3207, IMAP RFC 9051, POP3 and NNTP RFC 2595 and 4642, FTP RFC 4217, ManageSieve
//! RFC 5804), and in XMPP (RFC 6120).

use super::{Progress, contains};

/// So much of a line is looked at.
const LONGEST_LINE: usize = 512;

/// A protocol of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Greeted with 220 like FTP, until the client speaks.
    Smtp,
    Ftp,
    Imap,
    Pop3,
    Nntp,
    Sieve,
}

/// What a client's line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// What the server offers.
    Capabilities,
    /// TLS.
    StartTls,
    /// To leave.
    Quit,
    /// Anything else.
    Other,
}

/// What a server's line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    /// More of the reply follows.
    Continues,
    /// It ends and says yes.
    Positive,
    /// It ends and says no.
    Negative,
}

impl Language {
    /// The language of the first words of a conversation.
    pub(super) fn of(from_client: bool, bytes: &[u8]) -> Option<Self> {
        if from_client {
            return None;
        }
        match bytes {
            [b'2', b'2', b'0', b' ' | b'-', ..] => {
                Some(if contains(bytes, b"FTP") && !contains(bytes, b"SMTP") { Self::Ftp } else { Self::Smtp })
            }
            [b'*', b' ', b'O', b'K' | b'k', ..] => Some(Self::Imap),
            [b'+', b'O', b'K', ..] => Some(Self::Pop3),
            [b'2', b'0', b'0' | b'1', b' ', ..] => Some(Self::Nntp),
            _ if bytes.starts_with(b"\"IMPLEMENTATION\"") => Some(Self::Sieve),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Ftp => "ftp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Nntp => "nntp",
            Self::Sieve => "sieve",
        }
    }

    /// True where a client's line says that it leaves.
    pub(super) fn leaves(self, line: &[u8]) -> bool {
        self.command(line) == Command::Quit
    }

    fn command(self, line: &[u8]) -> Command {
        let mut words = line.trim_ascii().split(|&byte| byte == b' ');
        if self == Self::Imap {
            // A tag stands before the command.
            words.next();
        }
        let word = words.next().unwrap_or_default().to_ascii_uppercase();
        match (self, word.as_slice()) {
            (Self::Smtp, b"EHLO" | b"LHLO") | (Self::Imap | Self::Sieve, b"CAPABILITY") => Command::Capabilities,
            (Self::Pop3, b"CAPA") | (Self::Ftp, b"FEAT") | (Self::Nntp, b"CAPABILITIES") => Command::Capabilities,
            (Self::Pop3, b"STLS") | (Self::Smtp | Self::Imap | Self::Nntp | Self::Sieve, b"STARTTLS") => {
                Command::StartTls
            }
            (Self::Ftp, b"AUTH") if words.next().is_some_and(is_tls) => Command::StartTls,
            (_, b"QUIT" | b"LOGOUT") => Command::Quit,
            _ => Command::Other,
        }
    }

    /// What a line is as a part of a reply to `command`.
    fn reply(self, line: &[u8], command: Command) -> Reply {
        let (word, rest) = line.split_at_checked(3).unwrap_or((line, b""));
        let decide = |positive| if positive { Reply::Positive } else { Reply::Negative };
        match self {
            Self::Smtp | Self::Ftp if rest.first() == Some(&b'-') || !word.iter().all(u8::is_ascii_digit) => {
                Reply::Continues
            }
            Self::Smtp | Self::Ftp => decide(matches!(word.first(), Some(b'2' | b'3'))),
            Self::Imap if line.starts_with(b"* ") || line.starts_with(b"+ ") => Reply::Continues,
            Self::Imap => {
                decide(line.split(|&byte| byte == b' ').nth(1).is_some_and(|word| word.eq_ignore_ascii_case(b"OK")))
            }
            Self::Pop3 | Self::Nntp if line == b"." => Reply::Positive,
            Self::Pop3 if word == b"+OK" && command == Command::Capabilities => Reply::Continues,
            Self::Pop3 if word == b"+OK" => Reply::Positive,
            Self::Pop3 if line.starts_with(b"-ERR") => Reply::Negative,
            Self::Nntp if word == b"101" => Reply::Continues,
            Self::Nntp if word.len() == 3 && word.iter().all(u8::is_ascii_digit) => {
                decide(matches!(word.first(), Some(b'2' | b'3')))
            }
            Self::Sieve if line.starts_with(b"OK") => Reply::Positive,
            Self::Sieve if line.starts_with(b"NO") || line.starts_with(b"BYE") => Reply::Negative,
            Self::Pop3 | Self::Nntp | Self::Sieve => Reply::Continues,
        }
    }

    /// True where a line of a reply offers TLS.
    fn offers_tls(self, line: &[u8]) -> bool {
        match self {
            Self::Smtp | Self::Imap | Self::Nntp | Self::Sieve => contains(line, b"STARTTLS"),
            Self::Pop3 => line.eq_ignore_ascii_case(b"STLS"),
            Self::Ftp => contains(line, b"AUTH") && line.split(|byte| b" ;".contains(byte)).any(is_tls),
        }
    }
}

fn is_tls(word: &[u8]) -> bool {
    [b"TLS".as_slice(), b"TLS-C", b"TLS-P", b"SSL"].iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// A conversation in lines.
#[derive(Debug)]
pub(super) struct Lines {
    language: Language,
    /// Lines that are not whole yet, the client's and the server's.
    begun: [Vec<u8>; 2],
    /// What the server's next reply answers; none where it is its greeting or nothing.
    asked: Option<Command>,
    /// A line of the reply at hand offers it.
    offers: bool,
    /// The client did something else than to ask: servers do not offer TLS to those who have logged in.
    went_on: bool,
}

impl Lines {
    pub(super) const fn new(language: Language) -> Self {
        // ManageSieve servers greet with what they offer.
        let asked = if matches!(language, Language::Sieve) { Some(Command::Capabilities) } else { None };
        let begun = [Vec::new(), Vec::new()];
        Self { language, begun, asked, offers: false, went_on: false }
    }

    pub(super) const fn language(&self) -> Language {
        self.language
    }

    /// Takes the next bytes of a side.
    pub(super) fn says(&mut self, before: Progress, from_client: bool, bytes: &[u8]) -> Progress {
        let mut progress = before;
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            let [client, server] = &mut self.begun;
            let begun = if from_client { client } else { server };
            let room = LONGEST_LINE.saturating_sub(begun.len());
            begun.extend(part.iter().take(room));
            if part.ends_with(b"\n") {
                let line = std::mem::take(begun);
                let line = line.trim_ascii_end();
                progress = if from_client { self.command(progress, line) } else { self.reply(progress, line) };
            }
        }
        progress
    }

    fn command(&mut self, before: Progress, line: &[u8]) -> Progress {
        let command = self.language.command(line);
        if self.language == Language::Smtp && !self.went_on && speaks_ftp(line) {
            self.language = Language::Ftp;
            return self.command(before, line);
        }
        self.went_on |= command == Command::Other;
        (self.asked, self.offers) = (Some(command), false);
        match (command, before) {
            (Command::StartTls, _) => Progress::Asked,
            (Command::Quit, Progress::NotOffered) | (_, Progress::Accepted) => before,
            _ => Progress::Open,
        }
    }

    fn reply(&mut self, before: Progress, line: &[u8]) -> Progress {
        self.offers |= self.language.offers_tls(line);
        let Some(asked) = self.asked else { return before };
        let reply = self.language.reply(line, asked);
        if reply == Reply::Continues {
            return before;
        }
        self.asked = None;
        match (asked, reply) {
            (Command::StartTls, Reply::Positive) => Progress::Accepted,
            (Command::StartTls, _) => Progress::Refused { went_on: false },
            (Command::Capabilities, Reply::Positive) if before == Progress::Open && !self.offers && !self.went_on => {
                Progress::NotOffered
            }
            _ => before,
        }
    }
}

/// Commands that only FTP has: its greeting looks like SMTP's.
fn speaks_ftp(line: &[u8]) -> bool {
    let word = line.split(|&byte| byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
    matches!(word.as_slice(), b"USER" | b"FEAT" | b"SYST" | b"OPTS" | b"HOST" | b"PBSZ")
        || Language::Ftp.command(line) == Command::StartTls
}

/// True where a client's first words open an XMPP stream.
pub(super) fn is_xmpp(bytes: &[u8]) -> bool {
    (bytes.starts_with(b"<?xml") || bytes.starts_with(b"<stream:stream")) && contains(bytes, b"jabber:")
}

/// XMPP: what the server offers stands in its features; then `<starttls/>`, and `<proceed/>` or `<failure/>`.
pub(super) fn xmpp(before: Progress, from_client: bool, bytes: &[u8]) -> Progress {
    let says = |words: &[u8]| contains(bytes, words);
    match (from_client, before) {
        (true, Progress::Open | Progress::NotOffered) if says(b"<starttls") => Progress::Asked,
        (true, Progress::NotOffered) if !bytes.starts_with(b"</stream:stream") => Progress::Open,
        (false, Progress::Open) if says(b"</stream:features>") && !says(b"<starttls") => Progress::NotOffered,
        (false, Progress::Asked) if says(b"<proceed") => Progress::Accepted,
        (false, Progress::Asked) if says(b"<failure") => Progress::Refused { went_on: false },
        _ => before,
    }
}
