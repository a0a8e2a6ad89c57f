//! The fetch itself: skip what is there, try addresses in turn, check, rename.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use super::error::by_hand;
use super::lock::lock;
use super::part::Part;
use super::patience::Patience;
use super::stop::Stop;
use super::transfer::Client;
use super::verify::mismatch;
use super::{FetchError, FetchOptions, FetchReport, FileReport, Outcome, Progress, RemoteFile, SourceFailure};

/// One fetch of several files.
pub(super) struct Fetcher<'a> {
    files: &'a [RemoteFile],
    options: &'a FetchOptions,
    progress: &'a mut dyn Progress,
    client: Client<'a>,
    /// Hosts that could not be reached for an earlier file: asked last, so that their time-out is waited for once.
    unreachable: HashSet<String>,
}

impl<'a> Fetcher<'a> {
    pub(super) fn new(
        files: &'a [RemoteFile],
        options: &'a FetchOptions,
        progress: &'a mut dyn Progress,
    ) -> Result<Self, FetchError> {
        if let Some(mirror) = options.mirror.as_ref().filter(|mirror| host(mirror).is_none()) {
            return Err(FetchError::BadMirror { found: mirror.clone() });
        }
        let client = Client::new(options);
        Ok(Self { files, options, progress, client, unreachable: HashSet::new() })
    }

    pub(super) fn run(mut self) -> Result<FetchReport, FetchError> {
        let there = self.files.iter().map(|file| self.is_there(file)).collect::<Result<Vec<_>, _>>()?;
        let _lock = if there.contains(&false) { Some(self.prepare_folder()?) } else { None };
        let mut files = Vec::with_capacity(there.len());
        for (file, there) in self.files.iter().zip(there) {
            let outcome = if there { Outcome::AlreadyThere } else { self.bring(file)? };
            let report = FileReport { name: file.name.clone(), path: self.target(file), outcome };
            self.progress.finished(&report);
            files.push(report);
        }
        Ok(FetchReport { files })
    }

    fn target(&self, file: &RemoteFile) -> PathBuf {
        self.options.directory.join(&file.name)
    }

    fn is_there(&self, file: &RemoteFile) -> Result<bool, FetchError> {
        let target = self.target(file);
        Ok(exists(&target)? && mismatch(&target, file)?.is_none())
    }

    fn prepare_folder(&mut self) -> Result<fs::File, FetchError> {
        let directory = &self.options.directory;
        fs::create_dir_all(directory).map_err(FetchError::disk(directory, "make the folder"))?;
        lock(directory, self.progress)
    }

    /// Puts a file in place that was not there before the lock was ours.
    fn bring(&mut self, file: &RemoteFile) -> Result<Outcome, FetchError> {
        let target = self.target(file);
        if exists(&target)? {
            match mismatch(&target, file)? {
                None => return Ok(Outcome::AlreadyThere),
                Some(why) => self.progress.found_wrong(&target, &why),
            }
        }
        let mut part = Part::open(&target)?;
        self.progress.started(file, part.bytes());
        let outcome = match mismatch(part.path(), file)? {
            None => Outcome::Completed,
            Some(_) => Outcome::Fetched { address: self.download(file, &mut part)? },
        };
        part.promote()?;
        Ok(outcome)
    }

    /// The address that delivered the file, now whole and checked in `part`.
    fn download(&mut self, file: &RemoteFile, part: &mut Part) -> Result<String, FetchError> {
        let addresses = self.addresses(file);
        let mut failures = Vec::new();
        for (i, address) in addresses.iter().enumerate() {
            part.change_source();
            match self.exhaust(address, i + 1 == addresses.len(), file, part)? {
                None => return Ok(address.clone()),
                Some(reason) => {
                    self.progress.source_failed(address, &reason);
                    failures.push(SourceFailure { address: address.clone(), reason });
                }
            }
        }
        let by_hand = by_hand(self.files, &self.options.directory);
        Err(FetchError::NoSource { name: file.name.clone(), failures, by_hand })
    }

    /// The mirror alone where one is given, otherwise all addresses, those on unreachable hosts last.
    fn addresses(&self, file: &RemoteFile) -> Vec<String> {
        if let Some(mirror) = &self.options.mirror {
            return vec![format!("{}/{}", mirror.trim_end_matches('/'), file.name)];
        }
        let mut addresses = file.addresses.clone();
        addresses.sort_by_key(|address| host(address).is_some_and(|host| self.unreachable.contains(host)));
        addresses
    }

    /// Tries one address until the file is there (none) or the address is given up (the reason).
    fn exhaust(
        &mut self,
        address: &str,
        last: bool,
        file: &RemoteFile,
        part: &mut Part,
    ) -> Result<Option<String>, FetchError> {
        let mut patience = Patience::new(self.options, part.bytes());
        let mut tries = 1;
        loop {
            let (reason, again) = match self.attempt(address, file, part) {
                Ok(()) => return Ok(None),
                Err(Stop::Here(error)) => return Err(error),
                Err(Stop::Misfit) => {
                    part.restart()?;
                    continue;
                }
                Err(Stop::Lasting(reason)) => (reason, false),
                Err(Stop::Passing(reason)) => (reason, true),
                Err(Stop::Unreachable(reason)) => {
                    self.unreachable.extend(host(address).map(str::to_owned));
                    (reason, last)
                }
            };
            let Some(pause) = again.then(|| patience.next_pause(part.bytes())).flatten() else {
                return Ok(Some(if tries > 1 { format!("{reason} ({tries} tries)") } else { reason }));
            };
            self.progress.retry(address, &reason, pause);
            thread::sleep(pause);
            tries += 1;
        }
    }

    /// Downloads and checks. Wrong content is thrown away; it is this address's fault only if all of it came from there.
    fn attempt(&mut self, address: &str, file: &RemoteFile, part: &mut Part) -> Result<(), Stop> {
        self.client.download(address, file, part, self.progress)?;
        match mismatch(part.path(), file)? {
            None => Ok(()),
            Some(_) if part.is_foreign() => Err(Stop::Misfit),
            Some(why) => {
                part.restart()?;
                Err(Stop::Lasting(why))
            }
        }
    }
}

fn exists(path: &Path) -> Result<bool, FetchError> {
    path.try_exists().map_err(FetchError::disk(path, "look at"))
}

/// The host, with its port, of an http or https address; none for anything else.
fn host(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    rest.split('/').next().filter(|host| !host.is_empty())
}
