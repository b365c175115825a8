//! How an example ends that cannot go on: with a sentence for people.
//!
//! Not here: the errors themselves.

use std::error::Error;
use std::fmt;

/// Any error, as `main` returns it: printed as its sentence and those of its causes, not as its fields.
pub struct Failure(Box<dyn Error>);

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_its_own_words() {
        let failure = crate::input::text("no/such/file").map_err(Failure::from).unwrap_err();
        let told = format!("{failure:?}");
        assert!(told.starts_with("`no/such/file`: ") && !told.contains("InputError"), "{told}");
    }
}
