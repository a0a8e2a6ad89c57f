//! A small HTTP server on 127.0.0.1 that answers, or fails to answer, by a script.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The content, or the part of it that a `Range` header asks for.
    Good,
    /// As `Good`, but the connection ends after this many bytes of the body.
    Cut(usize),
    /// The whole content, whatever range was asked for.
    Whole,
    /// As `Whole`, without a length and in chunks.
    Chunked,
    /// Status 206 with the whole content, whatever range was asked for.
    WrongRange,
    /// Other bytes with status 200.
    Other(Vec<u8>),
    /// A status without a body.
    Status(u16),
    /// A redirect to another address.
    Redirect(String),
    /// Nothing, on an open connection, until the server ends.
    Silence,
}

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) range: Option<String>,
}

/// A running server; it ends when dropped.
pub(crate) struct Server {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    content: Vec<u8>,
    script: Vec<Reply>,
    requests: Mutex<Vec<Request>>,
    stopping: AtomicBool,
}

impl Server {
    /// Serves `content`; the n-th request gets the n-th reply of `script`, all further ones its last.
    pub(crate) fn start(content: &[u8], script: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (content, script) = (content.to_vec(), script.to_vec());
        let shared = Arc::new(Shared { content, script, requests: Mutex::default(), stopping: AtomicBool::new(false) });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.serve(&listener)
        });
        Self { port, shared, thread: Some(thread) }
    }

    /// The address of a file on this server.
    pub(crate) fn address(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    /// What was asked for so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The `Range` header of every request so far.
    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        self.requests().into_iter().map(|request| request.range).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener) {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            let mut stream = stream.unwrap();
            // A client that gives up early must not end the server.
            if let Ok(Reply::Silence) = self.answer(&mut stream) {
                silent.push(stream);
            }
        }
    }

    fn answer(&self, stream: &mut TcpStream) -> std::io::Result<Reply> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let request = read_request(stream)?;
        let from = first_byte(&request);
        let reply = self.next_reply(request);
        let whole = &self.content;
        match &reply {
            Reply::Good => self.send_from(stream, from, usize::MAX)?,
            Reply::Cut(bytes) => self.send_from(stream, from, *bytes)?,
            Reply::Whole => send(stream, "200 OK", "", whole, usize::MAX)?,
            Reply::Chunked => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")?;
                for chunk in whole.chunks(1000) {
                    write!(stream, "{:x}\r\n", chunk.len())?;
                    stream.write_all(chunk)?;
                    stream.write_all(b"\r\n")?;
                }
                stream.write_all(b"0\r\n\r\n")?;
            }
            Reply::WrongRange => {
                let range = format!("Content-Range: bytes 0-{}/{}\r\n", whole.len() - 1, whole.len());
                send(stream, "206 Partial Content", &range, whole, usize::MAX)?;
            }
            Reply::Other(bytes) => send(stream, "200 OK", "", bytes, usize::MAX)?,
            Reply::Status(status) => send(stream, &format!("{status} Status"), "", &[], 0)?,
            Reply::Redirect(to) => send(stream, "302 Found", &format!("Location: {to}\r\n"), &[], 0)?,
            Reply::Silence => {}
        }
        Ok(reply)
    }

    fn next_reply(&self, request: Request) -> Reply {
        let mut requests = self.requests.lock().unwrap();
        let n = requests.len().min(self.script.len() - 1);
        requests.push(request);
        self.script[n].clone()
    }

    fn send_from(&self, stream: &mut TcpStream, from: Option<usize>, bytes: usize) -> std::io::Result<()> {
        let all = self.content.len();
        match from {
            None => send(stream, "200 OK", "", &self.content, bytes),
            Some(from) if from >= all => send(stream, "416 Range Not Satisfiable", "", &[], 0),
            Some(from) => {
                let range = format!("Content-Range: bytes {from}-{}/{all}\r\n", all - 1);
                send(stream, "206 Partial Content", &range, &self.content[from..], bytes)
            }
        }
    }
}

/// Announces all of `body` and sends at most `bytes` of it.
fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8], bytes: usize) -> std::io::Result<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n")?;
    stream.write_all(&body[..bytes.min(length)])
}

fn read_request(stream: &TcpStream) -> std::io::Result<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    for line in lines {
        let line = line?;
        match line.split_once(": ") {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("range") => range = Some(value.to_owned()),
            Some(_) => {}
        }
    }
    Ok(Request { path, range })
}

fn first_byte(request: &Request) -> Option<usize> {
    request.range.as_ref()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}
