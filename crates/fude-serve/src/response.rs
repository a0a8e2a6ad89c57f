//! Answers.

use std::io::{self, Write};

/// What a browser may do with an answer: run and show what comes from here, and nothing else.
const HEADERS: &str = "Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
                       Cross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: no-referrer\r\n\
                       Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src \
                       'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";

/// An answer with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: Vec<u8>,
}

/// Why something is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) why: String,
}

/// A refusal with its reason.
pub(crate) fn refuse(status: u16, why: impl Into<String>) -> Refusal {
    Refusal { status, why: why.into() }
}

impl From<Refusal> for Response {
    fn from(Refusal { status, why }: Refusal) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body: format!("{why}\n").into_bytes() }
    }
}

impl Response {
    pub(crate) fn new(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, kind, body: body.into() }
    }

    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let Self { status, kind, body } = self;
        let phrase = phrase(*status);
        let head = format!(
            "HTTP/1.1 {status} {phrase}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{HEADERS}\r\n",
            body.len()
        );
        to.write_all(&[head.as_bytes(), body].concat())?;
        to.flush()
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_its_length_and_what_it_is() {
        let mut bytes = Vec::new();
        Response::from(refuse(404, "there is no such page")).write(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.starts_with(
                "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 22\r\n"
            ),
            "{text}"
        );
        assert!(text.ends_with("\r\n\r\nthere is no such page\n") && text.contains("default-src 'none'"), "{text}");
    }
}
