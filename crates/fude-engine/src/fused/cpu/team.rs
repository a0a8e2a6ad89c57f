//! Threads that live as long as their engine, so that a step starts without making any.

use super::barrier::Barrier;
use crate::EngineError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// What every worker does: called with the worker's number.
type Job = &'static (dyn Fn(usize) + Sync);

/// Workers 0 to `size - 1`; worker 0 is the thread that calls [`Team::run`].
pub(super) struct Team {
    barrier: Arc<Barrier>,
    followers: Vec<Follower>,
}

struct Follower {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Team {
    /// Starts `size - 1` threads.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub(super) fn new(size: usize) -> Result<Self, EngineError> {
        let barrier = Arc::new(Barrier::new(size.max(1)));
        let followers = (1..size).map(|worker| Follower::start(worker, Arc::clone(&barrier))).collect::<Result<_, _>>();
        let followers = followers.map_err(|error| EngineError::Device(format!("no thread: {error}")))?;
        Ok(Self { barrier, followers })
    }

    /// Workers.
    pub(super) fn size(&self) -> usize {
        self.followers.len() + 1
    }

    /// The workers' barrier, for use within a job.
    pub(super) fn barrier(&self) -> Arc<Barrier> {
        Arc::clone(&self.barrier)
    }

    /// `follow(worker)` on workers 1 and up, `lead` on this thread; returns when all are done.
    ///
    /// A panic in either ends the process: the others would wait for ever.
    pub(super) fn run<R>(&mut self, follow: &(dyn Fn(usize) + Sync), lead: impl FnOnce() -> R) -> R {
        // SAFETY: no follower uses the job after the last barrier below, which is reached before this call returns:
        // a panic before it aborts.
        let job: Job = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Job>(follow) };
        for follower in &self.followers {
            if follower.jobs.as_ref().is_none_or(|jobs| jobs.send(job).is_err()) {
                abort();
            }
        }
        let result = catch_unwind(AssertUnwindSafe(lead)).unwrap_or_else(|_| abort());
        self.barrier.wait();
        result
    }
}

impl Follower {
    fn start(worker: usize, barrier: Arc<Barrier>) -> std::io::Result<Self> {
        let (jobs, received) = channel::<Job>();
        let work = move || {
            while let Ok(job) = received.recv() {
                if catch_unwind(AssertUnwindSafe(|| job(worker))).is_err() {
                    abort();
                }
                barrier.wait();
            }
        };
        let thread = std::thread::Builder::new().name(format!("fude-{worker}")).spawn(work)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Without a sender the thread's loop ends.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The panic's message has been printed already.
fn abort() -> ! {
    std::process::abort()
}
