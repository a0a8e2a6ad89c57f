//! Requests, read within limits.

use crate::response::{Refusal, refuse};
use std::io::{self, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Bytes that request line and headers may have: browsers send under 1 KiB.
const MOST_HEAD: usize = 8 << 10;
/// Headers that a request may have.
const MOST_HEADERS: usize = 64;
/// Bytes of a body: a drawing of 1,024 x 1,024 pixels.
pub(crate) const MOST_BODY: usize = 1 << 20;
/// Time in which a request must be there, and its answer be taken.
pub(crate) const TIME: Duration = Duration::from_secs(5);

/// What was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    /// After the `?`.
    pub(crate) query: String,
    pub(crate) host: Option<String>,
    pub(crate) origin: Option<String>,
    /// `Sec-Fetch-Site`: how the asking page relates to this one, by browsers alone.
    pub(crate) site: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A stream that has only so much time, all reads together.
pub(crate) struct Timed<'a> {
    stream: &'a TcpStream,
    until: Instant,
}

impl<'a> Timed<'a> {
    pub(crate) fn new(stream: &'a TcpStream, time: Duration) -> Self {
        Self { stream, until: Instant::now() + time }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

/// Reads one request.
///
/// # Errors
/// What must be answered instead of a result; nothing where the other side has gone.
pub(crate) fn read(source: &mut impl Read) -> Result<Request, Option<Refusal>> {
    let mut bytes = Vec::with_capacity(1 << 10);
    let head = loop {
        if let Some(end) = end_of_head(&bytes) {
            break end;
        }
        if bytes.len() >= MOST_HEAD {
            return Err(Some(refuse(431, "the headers are too long")));
        }
        let room = MOST_HEAD - bytes.len();
        more(source, &mut bytes, room)?;
    };
    let (mut request, length) = parse(&bytes[..head])?;
    let mut body = bytes.split_off(head);
    while body.len() < length {
        let room = length - body.len();
        more(source, &mut body, room)?;
    }
    if body.len() > length {
        return Err(Some(refuse(400, "more came than was announced")));
    }
    request.body = body;
    Ok(request)
}

/// Where the headers end: after the first empty line.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Reads what is there, at most `room` bytes.
fn more(source: &mut impl Read, bytes: &mut Vec<u8>, room: usize) -> Result<(), Option<Refusal>> {
    let mut part = [0; 8 << 10];
    let room = room.min(part.len());
    match source.read(&mut part[..room]) {
        Ok(0) if bytes.is_empty() => Err(None),
        Ok(0) => Err(Some(refuse(400, "the request ends too early"))),
        Ok(n) => {
            bytes.extend(&part[..n]);
            Ok(())
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
            Err(Some(refuse(408, "the request takes too long")))
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(_) => Err(None),
    }
}

/// The request without its body, and how long that is.
fn parse(head: &[u8]) -> Result<(Request, usize), Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(refuse(431, "there are too many headers")),
        _ => return Err(refuse(400, "this is no HTTP request")),
    }
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let text = |name: &str| single(parsed.headers, name);
    if text("transfer-encoding")?.is_some() {
        return Err(refuse(501, "bodies must come in one piece, with their length"));
    }
    let length = match text("content-length")? {
        None => 0,
        Some(digits) => length(&digits)?,
    };
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        host: text("host")?,
        origin: text("origin")?,
        site: text("sec-fetch-site")?,
        body: Vec::new(),
    };
    Ok((request, length))
}

/// A header that may stand once.
fn single(headers: &[httparse::Header<'_>], name: &str) -> Result<Option<String>, Refusal> {
    let mut found = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => match std::str::from_utf8(only.value) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(_) => Err(refuse(400, "a header is no text")),
        },
        _ => Err(refuse(400, "a header stands twice")),
    }
}

fn length(digits: &str) -> Result<usize, Refusal> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<usize>() {
        Ok(length) if is_number && length <= MOST_BODY => Ok(length),
        _ if is_number => Err(refuse(413, "the body is too long")),
        _ => Err(refuse(400, "the length of the body is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status(text: &[u8]) -> Option<u16> {
        read(&mut &text[..]).err().flatten().map(|refusal| refusal.status)
    }

    #[test]
    fn a_request_is_read_with_its_body() {
        let text = b"POST /predict?width=3 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nOrigin: http://127.0.0.1:1\r\n\
                     sec-fetch-site: same-origin\r\nContent-Length: 4\r\n\r\n\0abc";
        let request = read(&mut &text[..]).unwrap();
        assert_eq!(
            (request.method.as_str(), request.path.as_str(), request.query.as_str()),
            ("POST", "/predict", "width=3")
        );
        assert_eq!((request.host.as_deref(), request.site.as_deref()), (Some("127.0.0.1:1"), Some("same-origin")));
        assert_eq!(request.body, b"\0abc");
    }

    #[test]
    fn what_breaks_the_limits_is_refused() {
        let long = [b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'y'; MOST_HEAD], b"\r\n\r\n".to_vec()].concat();
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MOST_HEADERS + 1));
        let table: [(&[u8], Option<u16>); 10] = [
            (b"", None),
            (b"GET / HTTP/1.1\r\n", Some(400)),
            (b"nonsense\r\n\r\n", Some(400)),
            (b"POST / HTTP/1.1\r\ncontent-length: 1048577\r\n\r\n", Some(413)),
            (b"POST / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n", Some(413)),
            (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", Some(400)),
            (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", Some(400)),
            (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", Some(501)),
            (&long, Some(431)),
            (many.as_bytes(), Some(431)),
        ];
        for (text, expected) in table {
            assert_eq!(status(text), expected, "{}", String::from_utf8_lossy(&text[..text.len().min(80)]));
        }
        assert_eq!(status(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nabc"), Some(400));
    }

    #[test]
    fn a_request_that_trickles_in_is_refused_when_its_time_is_over() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let writer = std::thread::spawn(move || {
            use std::io::Write;
            while (&client).write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let refused = read(&mut Timed::new(&stream, Duration::from_millis(100))).unwrap_err().unwrap();
        assert_eq!(refused.status, 408);
        drop(stream);
        writer.join().unwrap();
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&mut &bytes[..]);
        }

        #[test]
        fn damaged_requests_are_read_or_refused(at in 0usize..90, value: u8) {
            let mut text = b"POST /predict?width=3 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 4\r\n\r\n\0abc".to_vec();
            let at = at % text.len();
            text[at] = value;
            if let Ok(request) = read(&mut &text[..]) {
                prop_assert!(request.body.len() <= MOST_BODY);
            }
        }
    }
}
