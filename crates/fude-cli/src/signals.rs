//! Ctrl-C: the first ends the run with a checkpoint, the second ends it at once.

use crate::ui::print_err;
use fude_train::StopFlag;

/// A flag that Ctrl-C (or a polite kill) sets.
pub(crate) fn stop_on_ctrl_c() -> StopFlag {
    let flag = StopFlag::default();
    let handler_flag = flag.clone();
    let installed = ctrlc::set_handler(move || {
        if handler_flag.stop() {
            std::process::exit(130);
        }
        print_err("\nending after this step, with a checkpoint (Ctrl-C again ends at once)");
    });
    if let Err(error) = installed {
        tracing::warn!("Ctrl-C will end the run without a checkpoint: {error}");
    }
    flag
}
