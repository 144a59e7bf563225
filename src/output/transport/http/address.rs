//! Where a receiver is: an address without user, password and query.

use std::fmt;
use ureq::http::Uri;

/// The address of a receiver, and the path that all its paths begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Address {
    /// Over TLS.
    pub(super) tls: bool,
    /// Host, and port where it is not the usual one.
    authority: String,
    path: String,
}

impl Address {
    /// Reads what follows the scheme and its colon.
    ///
    /// # Errors
    /// It is none.
    pub(in super::super) fn read(tls: bool, rest: &str) -> Result<Self, String> {
        let wrong = || "an address is needed behind the scheme, as in //host:port/path".to_owned();
        let address = rest.strip_prefix("//").ok_or_else(wrong)?;
        if address.contains('#') {
            return Err("an address has no part behind a #".into());
        }
        let uri: Uri = format!("http://{address}").parse().map_err(|error| format!("{error}; {}", wrong()))?;
        let authority = uri.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(wrong)?;
        let port = authority.as_str().rsplit_once(']').map_or(authority.as_str(), |(_, port)| port);
        if port.contains(':') && authority.port_u16().is_none_or(|port| port == 0) {
            return Err("the port is a number from 1 to 65535".into());
        }
        Ok(Self { tls, authority: authority.to_string(), path: uri.path().to_owned() })
    }

    /// The last part of the path, taken off. There is none where the path ends with a slash.
    pub(in super::super) fn take_name(&mut self) -> Option<String> {
        let (_, name) = self.path.rsplit_once('/')?;
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        self.path.truncate(self.path.len() - name.as_ref().map_or(0, String::len));
        self.end_without_slash();
        name
    }

    /// Paths that begin with a slash are to follow.
    pub(in super::super) fn end_without_slash(&mut self) {
        self.path.truncate(self.path.trim_end_matches('/').len());
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_a_port_and_a_path() {
        for (text, shown) in [
            ("//example.org", "https://example.org/"),
            ("//example.org:9200/a/", "https://example.org:9200/a/"),
            ("//[::1]:8088/a/b", "https://[::1]:8088/a/b"),
            ("//[::1]", "https://[::1]/"),
        ] {
            assert_eq!(Address::read(true, text).expect("an address").to_string(), shown);
        }
        for text in
            ["", "//", "example.org", "//:80", "///x", "//host:0", "//host:99999", "//host:x", "//a b", "//h/#x"]
        {
            assert!(Address::read(false, text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_part_of_a_path_is_a_name() {
        for (text, name, rest) in [
            ("//host/prefix/name", Some("name"), "http://host/prefix"),
            ("//host/name", Some("name"), "http://host"),
            ("//host/prefix/", None, "http://host/prefix"),
            ("//host", None, "http://host"),
        ] {
            let mut address = Address::read(false, text).expect("an address");
            assert_eq!((address.take_name().as_deref(), address.to_string().as_str()), (name, rest));
        }
    }
}
