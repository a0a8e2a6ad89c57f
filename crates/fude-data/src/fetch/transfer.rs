//! One request: the rest of a file from one address into its partial file.

use std::io::Read;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::part::Part;
use super::stop::Stop;
use super::{FetchOptions, Progress, RemoteFile};

const CHUNK: usize = 64 * 1024;

/// Asks servers for files.
pub(super) struct Client<'a> {
    agent: Agent,
    options: &'a FetchOptions,
}

impl<'a> Client<'a> {
    pub(super) fn new(options: &'a FetchOptions) -> Self {
        // Statuses are sorted here, not by ureq. "identity": a server must not pack the packed file once more.
        let mut config = Agent::config_builder()
            .timeout_resolve(Some(options.timeout_connect))
            .timeout_connect(Some(options.timeout_connect))
            .timeout_per_read(Some(options.timeout_read))
            .timeout_per_write(Some(options.timeout_read))
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("fude/", env!("CARGO_PKG_VERSION")));
        if !options.proxy_from_environment {
            config = config.proxy(None);
        }
        Self { agent: config.build().into(), options }
    }

    /// Appends to `part` what it lacks of `file`, as `address` has it.
    pub(super) fn download(
        &self,
        address: &str,
        file: &RemoteFile,
        part: &mut Part,
        progress: &mut dyn Progress,
    ) -> Result<(), Stop> {
        let response = self.request(address, part.bytes())?;
        begin(&response, part)?;
        let rest = response.body().content_length();
        let total = rest.map_or(file.gz_bytes, |rest| part.bytes().saturating_add(rest));
        if rest.is_some() && total > file.largest_gz() {
            return too_large(file, part);
        }
        progress.position(file, part.bytes(), total);
        self.receive(response.into_body(), file, total, part, progress)
    }

    /// Asks for the bytes from `from` on.
    fn request(&self, address: &str, from: u64) -> Result<Response<Body>, Stop> {
        let mut request = self.agent.get(address);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request.call().map_err(|error| Stop::from_network(error, self.options))
    }

    fn receive(
        &self,
        body: Body,
        file: &RemoteFile,
        total: u64,
        part: &mut Part,
        progress: &mut dyn Progress,
    ) -> Result<(), Stop> {
        let (mut body, mut buffer) = (body.into_reader(), vec![0; CHUNK]);
        loop {
            let read = body.read(&mut buffer).map_err(|error| Stop::from_network(error.into(), self.options))?;
            if read == 0 {
                return Ok(());
            }
            if part.bytes() + read as u64 > file.largest_gz() {
                return too_large(file, part);
            }
            part.append(&buffer[..read])?;
            progress.position(file, part.bytes(), total);
        }
    }
}

/// Makes `part` fit the answer: goes on where the server does, begins again where it sends the whole file.
fn begin(response: &Response<Body>, part: &mut Part) -> Result<(), Stop> {
    match response.status() {
        StatusCode::OK => Ok(part.restart()?),
        StatusCode::PARTIAL_CONTENT if first_byte(response) == Some(part.bytes()) => Ok(()),
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if part.bytes() > 0 => Err(Stop::Misfit),
        status => Err(Stop::from_status(status.as_u16(), status.canonical_reason())),
    }
}

/// Where a partial answer begins: `Content-Range: bytes FIRST-LAST/ALL`.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (first, _) = range.strip_prefix("bytes ")?.split_once('-')?;
    first.trim().parse().ok()
}

/// Whatever this is, it is not the file: nothing of it is kept.
fn too_large(file: &RemoteFile, part: &mut Part) -> Result<(), Stop> {
    part.restart()?;
    Err(Stop::Lasting(format!("sends more than {} bytes, expected about {}", file.largest_gz(), file.gz_bytes)))
}
