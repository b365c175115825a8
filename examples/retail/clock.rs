//! A clock that runs while the engine works and stands while the replay looks at what came of it.
//!
//! Not here: what is timed, see `batch` and `replay`.

use std::time::{Duration, Instant};

/// How long the engine has worked.
#[derive(Default)]
pub(crate) struct Clock {
    busy: Duration,
}

impl Clock {
    /// Lets the clock run while this is done.
    #[expect(clippy::disallowed_methods, reason = "the replay is measured")]
    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        self.busy += started.elapsed();
        done
    }

    /// What it shows; it then begins at zero.
    pub(crate) fn take(&mut self) -> Duration {
        std::mem::take(&mut self.busy)
    }
}
