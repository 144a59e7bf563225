//! HTTP in the clear where TLS was expected.

use super::contains;

/// Words by which servers tell a client that it should have spoken TLS: nginx and load balancers, Apache httpd (two places,
/// since its page is long), Go, Tomcat, cheroot.
const EXPECTED_TLS: [&[u8]; 6] = [
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"Instead use the HTTPS scheme to access this URL",
    b"Client sent an HTTP request to an HTTPS server",
    b"This combination of host and port requires TLS",
    b"sent a plain HTTP request, but this server only speaks HTTPS",
];
/// The methods of RFC 9110 section 9.3 and RFC 5789.
const METHODS: [&[u8]; 9] =
    [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"TRACE ", b"CONNECT "];

/// True where `head` begins a request.
pub fn is_request(head: &[u8]) -> bool {
    METHODS.iter().any(|method| head.starts_with(method))
}

/// The status of the response that `head` begins.
pub fn status(head: &[u8]) -> Option<u16> {
    let &[b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', a, b, c] = head.first_chunk()? else { return None };
    str::from_utf8(&[a, b, c]).ok()?.parse().ok()
}

/// True where `head` begins a response that says that the request was wrong.
pub fn is_client_error(head: &[u8]) -> bool {
    status(head).is_some_and(|status| (400..500).contains(&status))
}

/// True where a response whose first and last bytes these are says that TLS was expected. nginx calls that status 497 and
/// sends 400.
pub fn expected_tls(head: &[u8], tail: &[u8]) -> bool {
    is_client_error(head) && EXPECTED_TLS.iter().any(|words| contains(head, words) || contains(tail, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

    #[test]
    fn a_server_that_expected_tls_is_understood_from_its_words_not_from_its_status() {
        assert!(expected_tls(GO, b""));
        assert!(expected_tls(
            b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n",
            b"<center>The plain HTTP request was sent to HTTPS port</center>"
        ));
        assert!(!expected_tls(b"HTTP/1.1 400 Bad Request\r\n\r\nno such page", b""));
        assert!(!expected_tls(b"HTTP/1.1 200 OK\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", b""));
        for length in 0..GO.len() - 2 {
            assert!(!expected_tls(&GO[..length], b""), "{length} bytes");
        }
    }

    #[test]
    fn requests_and_statuses() {
        assert!(is_request(b"GET / HTTP/1.1\r\n") && !is_request(b"GETAWAY"));
        assert_eq!((status(GO), status(b"HTTP/1.1 20")), (Some(400), None));
    }
}
