//! The ports on which TLS begins with the first byte (IANA's service names, and what is usual).

/// In order.
const PORTS: [u16; 27] = [
    443, 465, 563, 614, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 3269, 4433, 5061, 5223, 5671, 5986, 6443, 6514,
    6697, 8243, 8443, 8883, 9443, 10250,
];

/// True for a port on which a server is expected to speak TLS from the first byte.
pub fn is_tls(port: u16) -> bool {
    PORTS.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_has_what_it_must() {
        assert!(PORTS.is_sorted());
        assert!([443, 636, 993, 8443, 8883].into_iter().all(is_tls));
        assert!(![25, 80, 143, 389, 587, 5432, 8080].into_iter().any(is_tls));
    }
}
