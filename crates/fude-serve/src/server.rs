//! Connections: each has a thread, and one thread has the model.

use crate::answer::{self, ServedClass};
use crate::request::{MOST_BODY, TIME, Timed, read};
use crate::response::{Refusal, Response, refuse};
use crate::routes::{Asked, Question, asked};
use crate::{ServeError, guard};
use fude_predict::Classifier;
use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// Connections at a time; a browser opens some six.
const MOST_CONNECTIONS: usize = 32;

/// Time that the other side has to take the answer and close.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A question for the thread that has the model, and where to answer it.
type Asking = (Question, SyncSender<Response>);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on the loopback address; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ServeError::Listen`]: the port is taken, or may not be.
    pub fn bind(port: u16) -> Result<Self, ServeError> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listen = || -> io::Result<Self> {
            let listener = TcpListener::bind(wanted)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        listen().map_err(|source| ServeError::Listen { address: wanted, source })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the process ends. `name` is what the page calls the model, `classes` what it calls its classes `[O]`.
    ///
    /// # Errors
    /// [`ServeError::Thread`]: the system refuses one.
    pub fn run(self, mut classifier: Classifier, name: &str, classes: &[ServedClass]) -> Result<(), ServeError> {
        let (questions, answered) = channel();
        thread::Builder::new().name("listener".into()).spawn(move || self.accept(&questions))?;
        answer_all(&answered, &mut classifier, name, classes);
        Ok(())
    }

    /// Hands each connection to a thread of its own.
    fn accept(self, questions: &Sender<Asking>) {
        let busy = Arc::new(AtomicUsize::new(0));
        for stream in self.listener.incoming().flatten() {
            let Some(slot) = Slot::take(&busy) else {
                turn_away(&stream);
                continue;
            };
            let (questions, port) = (questions.clone(), self.address.port());
            let spawned = thread::Builder::new().name("connection".into()).spawn(move || {
                let _slot = slot;
                if let Some(response) = response(&stream, port, &questions) {
                    finish(&stream, &response);
                }
            });
            if let Err(error) = spawned {
                tracing::warn!("a connection was dropped: {error}");
            }
        }
    }
}

/// One of the connections that may be at a time.
struct Slot(Arc<AtomicUsize>);

impl Slot {
    fn take(busy: &Arc<AtomicUsize>) -> Option<Self> {
        let slot = Self(Arc::clone(busy));
        // Given back when it is dropped, also where there was none left.
        (busy.fetch_add(1, Ordering::SeqCst) < MOST_CONNECTIONS).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers what the connections ask, one after the other: the model uses all cores for each.
fn answer_all(questions: &Receiver<Asking>, classifier: &mut Classifier, name: &str, classes: &[ServedClass]) {
    for (question, reply) in questions {
        let response = match question {
            Question::Model => json(&answer::model(name, classifier, classes)),
            Question::Drawing(drawing) => match answer::predicted(classifier, &drawing) {
                Ok(predicted) => json(&predicted),
                Err(error) => refuse(503, error.to_string()).into(),
            },
        };
        // A page that was closed meanwhile is no error.
        let _ = reply.send(response);
    }
}

fn json(value: &serde_json::Value) -> Response {
    Response::new("application/json", value.to_string())
}

/// What to answer on a connection; nothing where the other side has gone.
fn response(stream: &TcpStream, port: u16, questions: &Sender<Asking>) -> Option<Response> {
    match read(&mut Timed::new(stream, TIME)) {
        Err(refusal) => refusal.map(Response::from),
        Ok(request) => {
            let answered =
                guard::check(&request, port).and_then(|()| asked(request)).and_then(|asked| ask(asked, questions));
            Some(answered.unwrap_or_else(Response::from))
        }
    }
}

/// Fixed answers need no model.
fn ask(asked: Asked, questions: &Sender<Asking>) -> Result<Response, Refusal> {
    let question = match asked {
        Asked::Fixed(response) => return Ok(response),
        Asked::OfModel(question) => question,
    };
    let (reply, answer) = sync_channel(1);
    let gone = || refuse(503, "the model is gone");
    questions.send((question, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())
}

/// Says in passing that there is no room; a fresh connection takes so few bytes at once.
fn turn_away(mut stream: &TcpStream) {
    let _ = stream
        .set_nonblocking(true)
        .and_then(|()| Response::from(refuse(503, "too many connections at a time")).write(&mut stream));
}

/// Writes the answer and closes. A browser that stops reading does not hold the thread for long.
fn finish(mut stream: &TcpStream, response: &Response) {
    let written = stream.set_write_timeout(Some(TIME)).and_then(|()| response.write(&mut stream));
    if let Err(error) = written {
        tracing::debug!("an answer was not taken: {error}");
    }
    // What was not read yet would make the system reset the connection, and the answer with it.
    let _ = stream.shutdown(Shutdown::Write);
    drain(stream);
}

/// Reads on for a little, until the other side has closed too.
fn drain(stream: &TcpStream) {
    let mut rest = Timed::new(stream, LAST_WORDS).take(MOST_BODY as u64);
    let _ = io::copy(&mut rest, &mut io::sink());
}
