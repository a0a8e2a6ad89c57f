//! A file to fetch, a folder to fetch it into, and an ear for what happens.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use fude_data::fetch::{FetchError, FetchOptions, FetchReport, FileReport, Outcome, Progress, RemoteFile, fetch_files};
use md5::{Digest, Md5};
use tempfile::TempDir;

use crate::http::{Reply, Server};

pub(crate) const NAME: &str = "train-images-idx3-ubyte.gz";

/// A file of bytes that do not compress, so that its packed form is about as long: 200 kB.
pub(crate) struct Sample {
    pub(crate) raw: Vec<u8>,
    pub(crate) gz: Vec<u8>,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let words = (0..25_000u64).map(|i| (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) ^ (i << 7));
        let raw: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        let gz = gzip(&raw, 6);
        Self { raw, gz }
    }

    pub(crate) fn file(&self, addresses: &[String]) -> RemoteFile {
        RemoteFile {
            name: NAME.to_owned(),
            addresses: addresses.to_vec(),
            gz_bytes: self.gz.len() as u64,
            gz_md5: md5(&self.gz),
            raw_bytes: self.raw.len() as u64,
            raw_md5: md5(&self.raw),
        }
    }
}

pub(crate) fn gzip(raw: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hears everything, as lines.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) lines: Vec<String>,
    pub(crate) positions: Vec<(u64, u64)>,
}

impl Progress for Heard {
    fn started(&mut self, file: &RemoteFile, present: u64) {
        self.lines.push(format!("started {} at {present}", file.name));
    }
    fn position(&mut self, _: &RemoteFile, bytes: u64, total: u64) {
        self.positions.push((bytes, total));
    }
    fn finished(&mut self, report: &FileReport) {
        self.lines.push(format!("finished {}", report.name));
    }
    fn retry(&mut self, _: &str, why: &str, _: Duration) {
        self.lines.push(format!("retry: {why}"));
    }
    fn source_failed(&mut self, _: &str, why: &str) {
        self.lines.push(format!("failed: {why}"));
    }
    fn found_wrong(&mut self, path: &Path, why: &str) {
        self.lines.push(format!("found wrong: {}: {why}", path.display()));
    }
    fn waiting(&mut self, _: &Path) {
        self.lines.push("waiting".to_owned());
    }
}

/// A folder to fetch the sample into.
pub(crate) struct Case {
    pub(crate) sample: Sample,
    pub(crate) folder: TempDir,
    pub(crate) options: FetchOptions,
    pub(crate) heard: Heard,
}

impl Case {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = FetchOptions {
            timeout_connect: Duration::from_secs(10),
            timeout_read: Duration::from_secs(10),
            retries: 2,
            first_pause: Duration::from_millis(1),
            proxy_from_environment: false,
            ..FetchOptions::new(folder.path())
        };
        Self { sample: Sample::new(), folder, options, heard: Heard::default() }
    }

    pub(crate) fn server(&self, script: &[Reply]) -> Server {
        Server::start(&self.sample.gz, script)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    pub(crate) fn part(&self) -> PathBuf {
        self.folder.path().join(format!("{NAME}.part"))
    }

    /// Fetches the sample from these servers in turn.
    pub(crate) fn fetch(&mut self, servers: &[&Server]) -> Result<FetchReport, FetchError> {
        let addresses: Vec<String> = servers.iter().map(|server| server.address(NAME)).collect();
        self.fetch_from(&addresses)
    }

    /// Whatever comes of it, nothing but right content gets the final name, and success leaves no partial file.
    pub(crate) fn fetch_from(&mut self, addresses: &[String]) -> Result<FetchReport, FetchError> {
        let before = fs::read(self.path()).ok();
        let result = fetch_files(&[self.sample.file(addresses)], &self.options, &mut self.heard);
        let after = fs::read(self.path()).ok();
        if result.is_ok() {
            assert_eq!(unpack(&after.expect("the file is there")), self.sample.raw);
            assert!(!self.part().exists(), "the partial file is gone");
        } else {
            assert_eq!(after, before, "the final name is as it was");
        }
        result
    }

    pub(crate) fn outcome(&mut self, servers: &[&Server]) -> Outcome {
        self.fetch(servers).unwrap().files.remove(0).outcome
    }

    pub(crate) fn message(&mut self, servers: &[&Server]) -> String {
        self.fetch(servers).unwrap_err().to_string()
    }
}

pub(crate) fn unpack(gz: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(gz), &mut raw).unwrap();
    raw
}
