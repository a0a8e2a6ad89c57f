//! Reading from the GPU: the only place where anything waits for it. Every wait is a future; [`block_on`] drives it where
//! a thread may be blocked, and in a browser the page's event loop does.

use super::open::Gpu;
use crate::EngineError;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A GPU that does not answer for this long is given up. The longest single dispatch, of 2048-unit layers on a slow
/// integrated GPU, takes about a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answer of a callback, once it was called.
struct Answer(Arc<Mutex<AnswerState>>);

#[derive(Default)]
struct AnswerState {
    result: Option<Result<(), wgpu::BufferAsyncError>>,
    waker: Option<Waker>,
}

impl Future for Answer {
    type Output = Result<(), wgpu::BufferAsyncError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = state.result.take() {
            return Poll::Ready(result);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// A buffer that the GPU was asked to hand over when it is done with it.
pub(super) struct Reading {
    buffer: wgpu::Buffer,
    bytes: u64,
    answer: Answer,
    /// The submission that fills it.
    submission: wgpu::SubmissionIndex,
}

impl Reading {
    /// Asks for the first `bytes` of a buffer, which `submission` fills.
    pub(super) fn start(buffer: &wgpu::Buffer, bytes: u64, submission: wgpu::SubmissionIndex) -> Self {
        let state = Arc::new(Mutex::new(AnswerState::default()));
        let tell = Arc::clone(&state);
        buffer.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| {
            let mut state = tell.lock().unwrap_or_else(PoisonError::into_inner);
            state.result = Some(result);
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
        Self { buffer: buffer.clone(), bytes, answer: Answer(state), submission }
    }

    /// Its bytes, once they are there; the buffer can then be used again.
    ///
    /// # Errors
    /// Where the device failed.
    pub(super) async fn bytes(self, gpu: &Gpu) -> Result<Vec<u8>, EngineError> {
        let answer = self.answer.await;
        gpu.require_sound()?;
        answer.map_err(|error| EngineError::Device(error.to_string()))?;
        let view = self.buffer.slice(..self.bytes).get_mapped_range();
        let bytes = view.map_err(|error| EngineError::Device(error.to_string()))?.to_vec();
        self.buffer.unmap();
        Ok(bytes)
    }

    /// Blocks until the bytes are there.
    ///
    /// # Errors
    /// Where the device failed.
    pub(super) fn wait(self, gpu: &Gpu) -> Result<Vec<u8>, EngineError> {
        let submission = self.submission.clone();
        block_on(gpu, Some(submission), self.bytes(gpu))
    }
}

/// A copy of bytes of a buffer.
///
/// # Errors
/// Where the device failed.
pub(super) async fn copy_of(gpu: &Gpu, buffer: &wgpu::Buffer, from: u64, bytes: u64) -> Result<Vec<u8>, EngineError> {
    if bytes == 0 {
        return Ok(Vec::new());
    }
    use wgpu::BufferUsages as Usage;
    let staging = gpu.buffer("read", bytes, Usage::MAP_READ | Usage::COPY_DST)?;
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("read") });
    encoder.copy_buffer_to_buffer(buffer, from, &staging, 0, bytes);
    let submission = gpu.queue.submit([encoder.finish()]);
    Reading::start(&staging, bytes, submission).bytes(gpu).await
}

/// As [`copy_of`], blocking.
///
/// # Errors
/// Where the device failed.
pub(super) fn read(gpu: &Gpu, buffer: &wgpu::Buffer, from: u64, bytes: u64) -> Result<Vec<u8>, EngineError> {
    block_on(gpu, None, copy_of(gpu, buffer, from, bytes))
}

/// Drives a future by letting the GPU work: up to `submission`, or to whatever was submitted last.
fn block_on<T>(
    gpu: &Gpu,
    submission: Option<wgpu::SubmissionIndex>,
    future: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    if cfg!(target_arch = "wasm32") {
        return Err(EngineError::Device("a browser's thread cannot wait for it".into()));
    }
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let mut next = submission;
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        let wait = wgpu::PollType::Wait { submission_index: next.take(), timeout: Some(PATIENCE) };
        let polled = gpu.device.poll(wait);
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        gpu.require_sound()?;
        polled.map_err(|error| EngineError::Device(error.to_string()))?;
    }
}
