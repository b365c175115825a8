//! A model as bytes: magic, format version, body, checksum.
//!
//! The same model gives the same bytes on every machine, in debug and release. Reading checks everything: a snapshot
//! that is cut, altered or of another version is refused with a reason.

use apropos_event::{Problems, draw};

use crate::{Model, check};

/// First bytes of every snapshot.
const MAGIC: &[u8; 4] = b"APLM";
/// The format this version writes, and the only one it reads.
pub const SNAPSHOT_VERSION: u16 = 3;
const HEADER: usize = 6;
const CHECKSUM: usize = 8;

/// Why bytes are not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes do not begin as a snapshot does.
    #[error("this is not a snapshot of a model")]
    NotASnapshot,
    /// The format is another one.
    #[error("the snapshot has format {found}, this version reads format {SNAPSHOT_VERSION}")]
    Version {
        /// Its format.
        found: u16,
    },
    /// Bytes were lost or altered.
    #[error("the snapshot is damaged")]
    Damaged,
    /// The parts do not fit each other.
    #[error("the snapshot is inconsistent")]
    Inconsistent,
    /// The definition inside is refused.
    #[error("the definition inside the snapshot is refused")]
    Definition(#[source] Problems),
}

impl Model {
    /// The model as bytes. O(weights).
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(SNAPSHOT_VERSION.to_le_bytes());
        // Writing to a vector cannot fail; should it, the empty body is refused when read.
        let mut bytes = postcard::to_extend(self, bytes).unwrap_or_default();
        let checksum = draw::stable_hash(u64::from(SNAPSHOT_VERSION), &bytes);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }

    /// The model that [`Model::snapshot`] wrote.
    ///
    /// # Errors
    /// When the bytes are not an undamaged snapshot of this version.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        if !bytes.starts_with(MAGIC) || bytes.len() < HEADER + CHECKSUM {
            return Err(SnapshotError::NotASnapshot);
        }
        let found = u16::from_le_bytes([bytes[4], bytes[5]]);
        if found != SNAPSHOT_VERSION {
            return Err(SnapshotError::Version { found });
        }
        let (whole, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
        if draw::stable_hash(u64::from(SNAPSHOT_VERSION), whole).to_le_bytes() != checksum {
            return Err(SnapshotError::Damaged);
        }
        let model: Self = postcard::from_bytes(&whole[HEADER..]).map_err(|_| SnapshotError::Damaged)?;
        let mut problems = Problems::new();
        check::check(&model.definition, &model.actions, &mut problems);
        if problems.has_errors() {
            return Err(SnapshotError::Definition(problems));
        }
        if model.is_consistent() { Ok(model) } else { Err(SnapshotError::Inconsistent) }
    }
}
