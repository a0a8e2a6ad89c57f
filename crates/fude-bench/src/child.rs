//! A process that a row is measured in, seen from outside.

use crate::protocol::{EPOCH, Said};
use crate::{BenchError, Closing, EpochDone, Order, Ready};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Write};
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// It idles until it is asked.
pub(crate) struct Child {
    process: process::Child,
    /// None once it was told to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts it and waits for its first step; with the seconds from the start to there.
    pub(crate) fn start(mut command: Command, order: &Order) -> Result<(Self, Ready, f64), BenchError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let started = Instant::now();
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = spawned.map_err(|source| BenchError::Start { program, source })?;
        let (input, Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(BenchError::Said("a process without pipes".into()));
        };
        let mut child = Self { process, input, output: BufReader::new(output) };
        let order = serde_json::to_string(order).map_err(std::io::Error::from)?;
        let ready = child.ask(&order, "that it is ready")?;
        Ok((child, ready, started.elapsed().as_secs_f64()))
    }

    /// Has it train an epoch.
    pub(crate) fn epoch(&mut self) -> Result<EpochDone, BenchError> {
        self.ask(EPOCH, "an epoch's seconds")
    }

    /// Has it end.
    pub(crate) fn close(mut self) -> Result<Closing, BenchError> {
        self.input = None;
        self.hear("how much memory it took")
    }

    fn ask<T: DeserializeOwned>(&mut self, line: &str, expected: &'static str) -> Result<T, BenchError> {
        if let Some(input) = &mut self.input {
            // Where it has gone, what it last said, or its end, tells more than a broken pipe.
            let _ = writeln!(input, "{line}").and_then(|()| input.flush());
        }
        self.hear(expected)
    }

    fn hear<T: DeserializeOwned>(&mut self, expected: &'static str) -> Result<T, BenchError> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() {
            let found = self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            return Err(BenchError::Protocol { expected, found: format!("its end ({found})") });
        }
        match serde_json::from_str(&line) {
            Ok(Said::Message(message)) => Ok(message),
            Ok(Said::Error { error }) => Err(BenchError::Said(error)),
            Err(_) => Err(BenchError::Protocol { expected, found: format!("'{}'", line.trim()) }),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // At the end of its input it ends by itself; whatever does not is ended, so that nothing is left behind.
        let ends_itself = self.input.take().is_none();
        if !ends_itself {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}
