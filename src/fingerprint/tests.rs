use super::*;

/// What a ClientHello is made of.
#[derive(Clone, Default)]
struct Hello {
    version: u16,
    suites: Vec<u16>,
    extensions: Vec<(u16, Vec<u8>)>,
}

impl Hello {
    fn body(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        if self.version >> 8 == 0xfe {
            body.push(0);
        }
        body.extend(codes(&self.suites));
        body.extend([1, 0]);
        let block: Vec<u8> =
            self.extensions.iter().flat_map(|(kind, data)| [word(*kind), vec16(data)].concat()).collect();
        if !block.is_empty() {
            body.extend(vec16(&block));
        }
        body
    }

    fn ja3_text(&self) -> String {
        String::from_utf8_lossy(Fingerprinter::new(0).ja3_text(&ClientHello::parse(&self.body()).unwrap())).into_owned()
    }

    fn ja3(&self) -> String {
        Fingerprinter::new(0).ja3(&ClientHello::parse(&self.body()).unwrap())
    }

    fn ja4(&self, carrier: Carrier) -> String {
        Fingerprinter::new(0).ja4(&ClientHello::parse(&self.body()).unwrap(), carrier)
    }

    /// The readable part of JA4.
    fn front(&self) -> String {
        self.ja4(Carrier::Tcp).split('_').next().unwrap().to_owned()
    }
}

fn word(code: u16) -> Vec<u8> {
    code.to_be_bytes().to_vec()
}

fn vec8(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

fn vec16(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn codes(codes: &[u16]) -> Vec<u8> {
    vec16(&codes.iter().flat_map(|code| code.to_be_bytes()).collect::<Vec<_>>())
}

fn versions(codes: &[u16]) -> (u16, Vec<u8>) {
    (43, vec8(&codes.iter().flat_map(|code| code.to_be_bytes()).collect::<Vec<_>>()))
}

fn alpn(first: &[u8]) -> (u16, Vec<u8>) {
    (16, vec16(&[vec8(first), vec8(b"zz")].concat()))
}

/// The example of JA4's specification, with GREASE in every list.
fn example() -> Hello {
    let suites = [
        0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f,
        0x0035, 0xfafa,
    ];
    let schemes = [0x2a2a, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
    let kinds = [
        0x0a0a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
        0x000b, 0x000a, 0x0015,
    ];
    let data = |kind| match kind {
        0x0010 => alpn(b"h2").1,
        0x000d => codes(&schemes),
        0x002b => versions(&[0x3a3a, 0x0304, 0x0303]).1,
        0x000a => codes(&[0x4a4a, 29, 23]),
        0x000b => vec8(&[0]),
        _ => Vec::new(),
    };
    let extensions = kinds.iter().map(|kind| (*kind, data(*kind))).collect();
    Hello { version: 0x0303, suites: suites.to_vec(), extensions }
}

#[test]
fn ja3_is_equal_to_its_published_values() {
    let full = Hello {
        version: 769,
        suites: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
        extensions: vec![(0, Vec::new()), (10, codes(&[23, 24, 25])), (11, vec8(&[0]))],
    };
    assert_eq!(full.ja3_text(), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
    assert_eq!(full.ja3(), "ada70206e40642a3e4461f35503241d5");
    let bare = Hello { version: 769, suites: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], extensions: Vec::new() };
    assert_eq!(bare.ja3_text(), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
    assert_eq!(bare.ja3(), "de350869b8c85de67a350c8d186f11e6");
}

#[test]
fn ja3_leaves_grease_out_and_keeps_the_version_of_the_hello() {
    assert_eq!(
        example().ja3_text(),
        "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,\
         27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23,0"
    );
}

#[test]
fn ja3_has_no_groups_where_their_extension_cannot_be_read() {
    let hello = Hello { version: 771, suites: vec![47], extensions: vec![(10, vec![0, 9, 0]), (11, Vec::new())] };
    assert_eq!(hello.ja3_text(), "771,47,10-11,,");
}

#[test]
fn ja3s_is_equal_to_what_wireshark_computes() {
    let mut body = [word(771), vec![7; 32], vec![0], word(0x1302), vec![0]].concat();
    body.extend(vec16(&[word(43), vec16(&word(0x0304)), word(51), vec16(&[0, 29, 0, 1, 9])].concat()));
    let hello = ServerHello::parse(&body).unwrap();
    assert_eq!(Fingerprinter::new(0).ja3s_text(&hello), b"771,4866,43-51");
    assert_eq!(Fingerprinter::new(0).ja3s(&hello), "15af977ce25de452b96affa2addb1036");
    let bare = ServerHello::parse(&body[..38]).unwrap();
    assert_eq!(Fingerprinter::new(0).ja3s_text(&bare), b"771,4866,");
}

#[test]
fn ja4_is_equal_to_its_specification() {
    let mut hello = example();
    assert_eq!(hello.ja4(Carrier::Tcp), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    hello.extensions.retain(|(kind, _)| *kind != 13);
    hello.extensions.push((13, codes(&[])));
    assert_eq!(hello.ja4(Carrier::Tcp), "t13d1516h2_8daaf6152771_6d807ffa2a79", "no schemes, no underscore");
}

#[test]
fn ja4_begins_with_its_carrier() {
    let hello = example();
    assert!(hello.ja4(Carrier::Quic).starts_with("q13d1516h2_"));
    assert!(hello.ja4(Carrier::Dtls).starts_with("d13d1516h2_"));
}

#[test]
fn ja4_of_a_hello_with_nothing_in_it() {
    let hello = Hello { version: 0x0301, ..Hello::default() };
    assert_eq!(
        Hello { suites: vec![0x0a0a], ..hello.clone() }.ja4(Carrier::Tcp),
        "t10i000000_000000000000_000000000000"
    );
    let front_only = vec![(0, Vec::new()), alpn(b"h2"), (0x1a1a, Vec::new())];
    let hello = Hello { suites: vec![0x0a0a], extensions: front_only, ..hello };
    assert_eq!(hello.ja4(Carrier::Tcp), "t10d0002h2_000000000000_000000000000", "counted in front, not hashed");
}

#[test]
fn ja4_counts_stop_at_99() {
    let extensions = (0x1000..0x1064).map(|kind| (kind, Vec::new())).collect();
    let hello = Hello { version: 0x0303, suites: (0x2000..0x2100).collect(), extensions };
    assert_eq!(hello.front(), "t12i999900");
}

#[test]
fn ja4_version_is_the_highest_offered() {
    let front = |legacy, offered: Option<&[u16]>| {
        let extensions = offered.map(versions).into_iter().collect();
        Hello { version: legacy, suites: vec![0x1301], extensions }.front()[1..3].to_owned()
    };
    assert_eq!(front(0x0303, None), "12");
    assert_eq!(front(0x0302, None), "11");
    assert_eq!(front(0x0300, None), "s3");
    assert_eq!(front(0xfefd, None), "d2");
    assert_eq!(front(0xfeff, None), "d1");
    assert_eq!(front(0x0305, None), "00");
    assert_eq!(front(0x0303, Some(&[0x0303, 0xfafa, 0x0304])), "13");
    assert_eq!(front(0x0303, Some(&[0x7f1c, 0x0303])), "00", "a draft has no name of its own");
    assert_eq!(front(0x0303, Some(&[0xfafa])), "00");
    assert_eq!(front(0xfefd, Some(&[0xfefc])), "d3");
}

#[test]
fn ja4_alpn_is_the_ends_of_the_first_protocol() {
    let ends = |protocol: &[u8]| {
        let hello = Hello { version: 0x0303, suites: vec![1], extensions: vec![alpn(protocol)] };
        hello.front()[8..].to_owned()
    };
    assert_eq!(ends(b"http/1.1"), "h1");
    assert_eq!(ends(b"x"), "xx");
    assert_eq!(ends(b"H_9"), "H9");
    // The examples of the specification for one end that is neither letter nor digit.
    assert_eq!(ends(&[0x30, 0xab]), "3b");
    assert_eq!(ends(&[0x30, 0x31, 0xab, 0xcd]), "3d");
    assert_eq!(ends(&[0x30, 0xab, 0xcd, 0x31]), "01");
    assert_eq!(ends(&[0xab]), "ab");
    // GREASE, and other ASCII.
    assert_eq!(ends(&[0x0a, 0x0a]), "0a");
    assert_eq!(ends(b"_a"), "51");
    // What FoxIO publishes for both ends beyond ASCII.
    assert_eq!(ends(&[0xba, 0xad]), "99");
}

#[test]
fn a_fingerprinter_leaves_nothing_behind_for_the_next_hello() {
    let mut fingerprinter = Fingerprinter::new(0);
    let (long, short) = (example().body(), Hello { version: 0x0301, suites: vec![47], ..Hello::default() }.body());
    let (long, short) = (ClientHello::parse(&long).unwrap(), ClientHello::parse(&short).unwrap());
    let fresh = (Fingerprinter::new(0).ja3(&short), Fingerprinter::new(0).ja4(&short, Carrier::Tcp));
    fingerprinter.ja3(&long);
    fingerprinter.ja4(&long, Carrier::Tcp);
    assert_eq!((fingerprinter.ja3(&short), fingerprinter.ja4(&short, Carrier::Tcp)), fresh);
}
